import { EMOTIONS, type Composition } from "../emotions/emotions";
import type { Track } from "./tracker";

/** Length of the running plot in milliseconds. */
export const PLOT_SPAN = 60_000;

/** Longest time between two points of a line in milliseconds; a longer absence leaves a gap. */
const MAX_GAP = 1500;

/** The last minute of a face as columns: seconds, and one column of fractions per emotion with null in gaps. */
export class FaceHistory {
  readonly seconds: number[] = [];
  readonly fractions: (number | null)[][] = EMOTIONS.map(() => []);

  /** The time of the last detection in milliseconds. */
  lastSeen = Number.NEGATIVE_INFINITY;

  add(now: number, composition: Composition): void {
    if (now - this.lastSeen > MAX_GAP && this.seconds.length > 0) this.#append((this.lastSeen + 1) / 1000, null);
    this.#append(now / 1000, composition);
    this.lastSeen = now;
    this.trim(now);
  }

  /** Remove the points that are older than a minute. */
  trim(now: number): void {
    const first = this.seconds.findIndex((second) => second * 1000 >= now - PLOT_SPAN);
    const numOld = first === -1 ? this.seconds.length : first;
    if (numOld === 0) return;
    this.seconds.splice(0, numOld);
    for (const column of this.fractions) column.splice(0, numOld);
  }

  #append(second: number, composition: Composition | null): void {
    this.seconds.push(second);
    EMOTIONS.forEach((emotion, index) => this.fractions[index]?.push(composition && composition[emotion]));
  }
}

/** Maximum rows of a recording: about nine hours with one face at fifteen frames per second. */
export const MAX_ROWS = 500_000;

/** A recording as CSV with one row per face and frame. */
export class Recording {
  readonly #rows: string[] = [`time,face,${EMOTIONS.join(",")}`];
  readonly #start: number;

  /** Start a recording at `start`, in milliseconds. */
  constructor(start: number) {
    this.#start = start;
  }

  get numRows(): number {
    return this.#rows.length - 1;
  }

  get isFull(): boolean {
    return this.numRows >= MAX_ROWS;
  }

  /**
   * Add the faces of a frame that was captured at `capturedAt`, in milliseconds, unless that is before the start: seconds
   * since the start, track ID and six fractions per row.
   */
  add(capturedAt: number, tracks: readonly Track[]): void {
    if (this.isFull || capturedAt < this.#start) return;
    const time = ((capturedAt - this.#start) / 1000).toFixed(3);
    for (const { id, composition } of tracks) {
      this.#rows.push([time, id, ...EMOTIONS.map((emotion) => composition[emotion].toFixed(4))].join(","));
    }
  }

  toCsv(): string {
    return `${this.#rows.join("\n")}\n`;
  }
}

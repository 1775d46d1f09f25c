import { EMOTIONS, type Composition } from "../emotions/emotions";
import type { Track } from "./tracking";

/** How far back the running plot reaches, in milliseconds. */
export const SPAN = 60_000;

/** A pause in a face's presence that is longer leaves a gap in its lines, in milliseconds. */
const GAP = 1500;

/** One face's last minute, as columns: seconds, then a fraction for each emotion; null where the face was away. */
export class FaceHistory {
  readonly seconds: number[] = [];
  readonly shares: (number | null)[][] = EMOTIONS.map(() => []);

  /** When the face was last there, in milliseconds. */
  last = Number.NEGATIVE_INFINITY;

  add(now: number, composition: Composition): void {
    if (now - this.last > GAP && this.seconds.length > 0) this.#append((this.last + 1) / 1000, null);
    this.#append(now / 1000, composition);
    this.last = now;
    this.forget(now);
  }

  /** Let go of what is more than a minute old. */
  forget(now: number): void {
    const first = this.seconds.findIndex((second) => second * 1000 >= now - SPAN);
    const gone = first === -1 ? this.seconds.length : first;
    if (gone === 0) return;
    this.seconds.splice(0, gone);
    for (const column of this.shares) column.splice(0, gone);
  }

  #append(second: number, composition: Composition | null): void {
    this.seconds.push(second);
    EMOTIONS.forEach((emotion, place) => this.shares[place]?.push(composition && composition[emotion]));
  }
}

/** Rows that a recording holds at most: with one face and fifteen frames a second, about nine hours. */
export const MOST_ROWS = 500_000;

/** A recording: a row for each face of each frame, as CSV. */
export class Recording {
  readonly #rows: string[] = [`time,face,${EMOTIONS.join(",")}`];
  readonly #start: number;

  /** Begins at `start`, in milliseconds. */
  constructor(start: number) {
    this.#start = start;
  }

  get rows(): number {
    return this.#rows.length - 1;
  }

  get isFull(): boolean {
    return this.rows >= MOST_ROWS;
  }

  /** Add a frame's faces: seconds since the start, the face's number, the six fractions. */
  add(now: number, faces: readonly Track[]): void {
    if (this.isFull) return;
    const time = ((now - this.#start) / 1000).toFixed(3);
    for (const { face, composition } of faces) {
      this.#rows.push([time, face, ...EMOTIONS.map((emotion) => composition[emotion].toFixed(4))].join(","));
    }
  }

  csv(): string {
    return `${this.#rows.join("\n")}\n`;
  }
}

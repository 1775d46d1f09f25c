import type { Composition } from "../emotions/emotions";
import type { Box } from "../memes/placing";

/** A face of one frame. */
export interface Seen {
  box: Box;
  composition: Composition;
  tilt: number;
  likeness: number | null | undefined;
}

/** A face followed over frames. */
export interface Track extends Seen {
  /** 1, 2, 3 … in the order in which faces came. */
  face: number;
  /** When it was last found, in milliseconds. */
  at: number;
}

/** How much two boxes must share to be the same face's: intersection over union. */
const LEAST_OVERLAP = 0.25;

/** How long a face may stay unfound before another one in its place counts as new, in milliseconds. */
const PATIENCE = 1000;

/**
 * Gives faces the same number from frame to frame: of all pairs of a followed and a found face, those that overlap most
 * are taken for the same one first.
 */
export class Tracker {
  #tracks: Track[] = [];
  #count = 0;

  /** The faces of a frame with their numbers; `now` in milliseconds. */
  follow(seen: readonly Seen[], now: number): Track[] {
    const kept = this.#tracks.filter((track) => now - track.at <= PATIENCE);
    const pairs = kept
      .flatMap((track) => seen.map((face) => ({ track, face, overlap: overlapOf(track.box, face.box) })))
      .filter((pair) => pair.overlap >= LEAST_OVERLAP)
      .sort((one, other) => other.overlap - one.overlap);
    const found = new Map<Seen, number>();
    const taken = new Set<number>();
    for (const { track, face } of pairs) {
      if (found.has(face) || taken.has(track.face)) continue;
      found.set(face, track.face);
      taken.add(track.face);
    }
    const present = seen.map((face) => ({ ...face, face: found.get(face) ?? (this.#count += 1), at: now }));
    this.#tracks = [...kept.filter((track) => !taken.has(track.face)), ...present];
    return present;
  }
}

/** Intersection over union, 0..1. */
export function overlapOf(one: Box, other: Box): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (one.width * one.height + other.width * other.height - shared);
}

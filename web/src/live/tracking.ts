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
}

interface Candidate {
  seen: Seen;
  /** In how many frames it was found. */
  times: number;
  /** When it was last found, in milliseconds. */
  at: number;
  /** Its number, once it has been found often enough to be believed. */
  face: number | undefined;
}

/** How much two boxes must share to be the same face's: intersection over union. */
const LEAST_OVERLAP = 0.25;

/** How long a face may stay unfound before another one in its place counts as new, in milliseconds. */
const PATIENCE = 1000;

/** In how many frames a face is found before it is believed: what is taken for a face by mistake is soon lost again. */
export const LEAST_TIMES = 3;

/**
 * Gives faces the same number from frame to frame: of all pairs of a followed and a found face, those that overlap most
 * are taken for the same one first.
 */
export class Tracker {
  #followed: Candidate[] = [];
  #count = 0;

  /** The faces of a frame that are believed, with their numbers; `now` in milliseconds. */
  follow(seen: readonly Seen[], now: number): Track[] {
    const kept = this.#followed.filter((candidate) => now - candidate.at <= PATIENCE);
    const pairs = kept
      .flatMap((candidate) =>
        seen.map((face) => ({ candidate, face, overlap: overlapOf(candidate.seen.box, face.box) })),
      )
      .filter((pair) => pair.overlap >= LEAST_OVERLAP)
      .sort((one, other) => other.overlap - one.overlap);
    const found = new Map<Seen, Candidate>();
    const taken = new Set<Candidate>();
    for (const { candidate, face } of pairs) {
      if (found.has(face) || taken.has(candidate)) continue;
      found.set(face, candidate);
      taken.add(candidate);
    }
    const present = seen.map((face) => this.#continued(face, found.get(face), now));
    this.#followed = [...kept.filter((candidate) => !taken.has(candidate)), ...present];
    return present.flatMap(({ seen: face, face: number }) => (number === undefined ? [] : [{ ...face, face: number }]));
  }

  #continued(seen: Seen, before: Candidate | undefined, now: number): Candidate {
    const times = (before?.times ?? 0) + 1;
    const face = before?.face ?? (times >= LEAST_TIMES ? (this.#count += 1) : undefined);
    return { seen, times, at: now, face };
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

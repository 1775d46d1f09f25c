import { EMOTIONS, type Composition } from "../emotions/emotions";
import type { Box } from "../memes/placing";
import type { Track } from "./tracking";

/** Milliseconds in which what is shown goes two thirds of the way to what was found. */
const BOX_PACE = 70;
const FACE_PACE = 180;

/** What is shown of a face at one moment. */
export interface Shown {
  face: number;
  box: Box;
  composition: Composition;
  tilt: number;
  likeness: number | null | undefined;
}

/**
 * Moves what is shown towards what was found, whatever the screen's rate: a face that is new stands at its place at once,
 * one that has gone is gone.
 */
export function approach(shown: readonly Shown[], found: readonly Track[], milliseconds: number): Shown[] {
  const box = 1 - Math.exp(-milliseconds / BOX_PACE);
  const mix = 1 - Math.exp(-milliseconds / FACE_PACE);
  return found.map((track) => {
    const before = shown.find((other) => other.face === track.face);
    if (!before) return { ...track };
    return {
      ...track,
      box: {
        x: between(before.box.x, track.box.x, box),
        y: between(before.box.y, track.box.y, box),
        width: between(before.box.width, track.box.width, box),
        height: between(before.box.height, track.box.height, box),
      },
      composition: mixed(before.composition, track.composition, mix),
      tilt: between(before.tilt, track.tilt, box),
    };
  });
}

export function between(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

function mixed(from: Composition, to: Composition, part: number): Composition {
  return Object.fromEntries(EMOTIONS.map((e) => [e, between(from[e], to[e], part)])) as Composition;
}

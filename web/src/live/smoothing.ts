import { EMOTIONS, type Composition } from "../emotions/emotions";
import type { Box } from "../memes/placement";
import type { Track } from "./tracker";

/** Time constants in milliseconds: the time in which a difference shrinks to 1/e. */
const BOX_TIME_CONSTANT = 70;
const COMPOSITION_TIME_CONSTANT = 180;

/** A tracked face as it is displayed, on its way to its latest detection. */
export interface DisplayedFace {
  id: number;
  box: Box;
  composition: Composition;
  roll: number;
  faceScore: number | null | undefined;
}

/**
 * Move the displayed faces towards the tracks by exponential smoothing, independently of the refresh rate. A new track
 * is displayed at its position at once, a track that has ended disappears.
 */
export function smoothFaces(
  displayed: readonly DisplayedFace[],
  tracks: readonly Track[],
  elapsed: number,
): DisplayedFace[] {
  const boxWeight = 1 - Math.exp(-elapsed / BOX_TIME_CONSTANT);
  const compositionWeight = 1 - Math.exp(-elapsed / COMPOSITION_TIME_CONSTANT);
  return tracks.map((track) => {
    const previous = displayed.find((face) => face.id === track.id);
    if (!previous) return { ...track };
    return {
      ...track,
      box: {
        x: lerp(previous.box.x, track.box.x, boxWeight),
        y: lerp(previous.box.y, track.box.y, boxWeight),
        width: lerp(previous.box.width, track.box.width, boxWeight),
        height: lerp(previous.box.height, track.box.height, boxWeight),
      },
      composition: lerpComposition(previous.composition, track.composition, compositionWeight),
      roll: lerp(previous.roll, track.roll, boxWeight),
    };
  });
}

function lerp(from: number, to: number, weight: number): number {
  return from + (to - from) * weight;
}

function lerpComposition(from: Composition, to: Composition, weight: number): Composition {
  return Object.fromEntries(EMOTIONS.map((e) => [e, lerp(from[e], to[e], weight)])) as Composition;
}

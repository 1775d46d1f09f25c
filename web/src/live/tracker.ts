import type { Composition } from "../emotions/emotions";
import type { Box } from "../memes/placement";

/** A face of one frame. */
export interface DetectedFace {
  box: Box;
  composition: Composition;
  /** Degrees clockwise. */
  roll: number;
  faceScore: number | null | undefined;
}

/** A face that is tracked over frames. */
export interface Track extends DetectedFace {
  /** 1, 2, 3, … in the order of appearance. */
  id: number;
}

interface Candidate {
  face: DetectedFace;
  /** Number of frames in which the face was detected. */
  numHits: number;
  /** The time of the last detection in milliseconds. */
  lastSeen: number;
  /** The track ID; undefined until there are enough hits. */
  id: number | undefined;
}

/** Minimum IoU of two boxes of the same face. */
const MIN_IOU = 0.25;

/** Milliseconds without a detection after which a track ends. */
const MAX_LOST_TIME = 1000;

/** Number of detections that start a track: false positives rarely persist. */
export const MIN_HITS = 3;

/** Assigns IDs to faces from frame to frame by greedy matching: the pairs with the highest IoU first. */
export class Tracker {
  #candidates: Candidate[] = [];
  #numTracks = 0;

  /** Add the faces of a frame at `now`, in milliseconds, and return those that belong to a track. */
  update(faces: readonly DetectedFace[], now: number): Track[] {
    const active = this.#candidates.filter((candidate) => now - candidate.lastSeen <= MAX_LOST_TIME);
    const pairs = active
      .flatMap((candidate) => faces.map((face) => ({ candidate, face, iou: boxIou(candidate.face.box, face.box) })))
      .filter((pair) => pair.iou >= MIN_IOU)
      .sort((a, b) => b.iou - a.iou);
    const matches = new Map<DetectedFace, Candidate>();
    const matched = new Set<Candidate>();
    for (const { candidate, face } of pairs) {
      if (matches.has(face) || matched.has(candidate)) continue;
      matches.set(face, candidate);
      matched.add(candidate);
    }
    const updated = faces.map((face) => this.#updateCandidate(face, matches.get(face), now));
    this.#candidates = [...active.filter((candidate) => !matched.has(candidate)), ...updated];
    return updated.flatMap(({ face, id }) => (id === undefined ? [] : [{ ...face, id }]));
  }

  #updateCandidate(face: DetectedFace, previous: Candidate | undefined, now: number): Candidate {
    const numHits = (previous?.numHits ?? 0) + 1;
    const id = previous?.id ?? (numHits >= MIN_HITS ? (this.#numTracks += 1) : undefined);
    return { face, numHits, lastSeen: now, id };
  }
}

/** Compute the intersection over union of two boxes, 0..1. */
export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (a.width * a.height + b.width * b.height - intersection);
}

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
  /** The time of the last detection in milliseconds, and the number of frames since then. */
  lastSeen: number;
  numMissed: number;
  /** The track ID; undefined until there are enough hits. */
  id: number | undefined;
}

/** Minimum IoU of two boxes of the same face. */
const MIN_IOU = 0.25;

/** A track ends after this time without a detection in milliseconds, if it has at least this number of frames. */
const MAX_LOST_TIME = 1000;
const MIN_MISSED = 3;

/** Milliseconds without a detection after which a track ends however few frames there were. */
const MAX_GAP = 10_000;

/** Milliseconds after which a face may have left its box: it is then matched by its distance and its size. */
const MIN_LEAP_TIME = 150;

/** Maximum speed of a face in widths a second, its maximum distance in widths, and the maximum ratio of its widths. */
const MAX_SPEED = 4;
const MAX_LEAP = 2.5;
const MAX_SIZE_RATIO = 1.6;

/** Number of detections that start a track: false positives rarely persist. */
export const MIN_HITS = 3;

/**
 * Assigns IDs to faces from frame to frame by greedy matching: the pairs with the highest IoU first, then, where frames
 * are far apart, the nearest ones.
 */
export class Tracker {
  #candidates: Candidate[] = [];
  #numTracks = 0;

  /** Add the faces of a frame at `now`, in milliseconds, and return those that belong to a track. */
  update(faces: readonly DetectedFace[], now: number): Track[] {
    const active = this.#candidates.filter(({ lastSeen, numMissed }) => {
      const lost = now - lastSeen;
      return lost <= MAX_LOST_TIME || (numMissed < MIN_MISSED && lost <= MAX_GAP);
    });
    const pairs = active
      .flatMap((candidate) => faces.map((face) => ({ candidate, face, score: matchScore(candidate, face, now) })))
      .filter((pair) => pair.score !== undefined)
      .sort((a, b) => b.score! - a.score!);
    const matches = new Map<DetectedFace, Candidate>();
    const matched = new Set<Candidate>();
    for (const { candidate, face } of pairs) {
      if (matches.has(face) || matched.has(candidate)) continue;
      matches.set(face, candidate);
      matched.add(candidate);
    }
    const updated = faces.map((face) => this.#updateCandidate(face, matches.get(face), now));
    const missed = active.filter((candidate) => !matched.has(candidate));
    for (const candidate of missed) candidate.numMissed += 1;
    this.#candidates = [...missed, ...updated];
    return updated.flatMap(({ face, id }) => (id === undefined ? [] : [{ ...face, id }]));
  }

  #updateCandidate(face: DetectedFace, previous: Candidate | undefined, now: number): Candidate {
    const numHits = (previous?.numHits ?? 0) + 1;
    const id = previous?.id ?? (numHits >= MIN_HITS ? (this.#numTracks += 1) : undefined);
    return { face, numHits, lastSeen: now, numMissed: 0, id };
  }
}

/** Return how well a face matches a candidate: its IoU, or minus its distance in widths; undefined if it does not. */
function matchScore({ face: { box }, lastSeen }: Candidate, face: DetectedFace, now: number): number | undefined {
  const iou = boxIou(box, face.box);
  if (iou >= MIN_IOU) return iou;
  const elapsed = now - lastSeen;
  if (elapsed < MIN_LEAP_TIME) return undefined;
  const width = Math.max(box.width, face.box.width);
  const dx = box.x + box.width / 2 - face.box.x - face.box.width / 2;
  const dy = box.y + box.height / 2 - face.box.y - face.box.height / 2;
  const leap = Math.hypot(dx, dy) / width;
  const maxLeap = Math.min((MAX_SPEED * elapsed) / 1000, MAX_LEAP);
  return leap <= maxLeap && width / Math.min(box.width, face.box.width) <= MAX_SIZE_RATIO ? -leap : undefined;
}

/** Compute the intersection over union of two boxes, 0..1. */
export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (a.width * a.height + b.width * b.height - intersection);
}

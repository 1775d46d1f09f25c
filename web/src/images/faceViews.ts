import type { PredictResponse } from "../api/client";
import { EMOTION_COLORS, rankEmotions, toComposition, type Composition, type Emotion } from "../emotions/emotions";
import { describeComposition, EMOTION_LABELS, formatPercent, isDoubtfulFace } from "../emotions/text";
import { placeMeme, rollFromLandmarks, toExtent, type Box } from "../memes/placement";
import type { LabeledBox } from "./labels";

/** A face of a response as the page shows it. */
export interface FaceView {
  index: number;
  /** The number of the face in reading order, from 1. */
  number: number;
  composition: Composition;
  top: Emotion;
  /** The top emotion's name, percentage and color. */
  word: string;
  percent: string;
  color: string;
  headline: string;
  /** Whether it may not be a face; it gets no meme face, as in the drawings of the Python package. */
  isDoubtful: boolean;
  /** The face probability; undefined if the service does not send one. */
  faceScore: number | undefined;
  /** The box in pixels of the image. */
  box: Box;
  /** The size of the image in pixels. */
  imageSize: { width: number; height: number };
  /** The roll in degrees clockwise. */
  roll: number;
  /** The thumbnail of the service as a data URL; undefined unless it was requested. */
  thumbnail: string | undefined;
}

/** Describe the faces of a response in reading order. */
export function describeFaces({ faces, width, height }: PredictResponse): FaceView[] {
  return faces.map((face) => {
    const composition = toComposition(face.prediction);
    const top = rankEmotions(composition)[0] ?? "neutral";
    const box = { x: face.location_xy[0], y: face.location_xy[1], width: face.width, height: face.height };
    return {
      index: face.index,
      number: face.index + 1,
      composition,
      top,
      word: EMOTION_LABELS[top],
      percent: formatPercent(composition[top]),
      color: EMOTION_COLORS[top],
      headline: describeComposition(composition).headline,
      isDoubtful: isDoubtfulFace(face.face_likeness),
      faceScore: face.face_likeness ?? undefined,
      box,
      imageSize: { width, height },
      roll: rollFromLandmarks(face.landmarks),
      thumbnail: face.thumbnail ?? undefined,
    };
  });
}

/** Return the index of the largest face, which is selected first; 0 if there are no faces. */
export function findLargestFace(faces: readonly FaceView[]): number {
  const largest = [...faces].sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)[0];
  return largest?.index ?? 0;
}

/**
 * Return what the labels of faces say, and the area that each belongs to: the box or, with `memes`, the meme face. If
 * there are several faces, a label starts with the number. `scale` is the number of pixels as displayed for each pixel
 * of the image.
 */
export function describeLabels(faces: readonly FaceView[], memes: boolean, scale: number): LabeledBox[] {
  return faces.map((face) => {
    const { x, y, width, height } = memes && !face.isDoubtful ? toExtent(placeMeme(face.box, face.roll)) : face.box;
    const box = { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
    const name = face.isDoubtful ? `${face.word}?` : face.word;
    if (faces.length === 1) return { box, word: name, full: `${name} ${face.percent}` };
    const word = `${face.number} ${name}`;
    return { box, word, full: `${word} ${face.percent}`, short: String(face.number) };
  });
}

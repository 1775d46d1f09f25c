import { FACE_THRESHOLD } from "../generated/emotions";
import { EMOTIONS, rankEmotions, type Composition, type Emotion } from "./emotions";

/** The emotions' names: the same in headings, in labels and, in lower case, in sentences. */
export const EMOTION_LABELS: Readonly<Record<Emotion, string>> = {
  angry: "Angry",
  fear: "Fear",
  happy: "Happy",
  sad: "Sad",
  surprise: "Surprise",
  neutral: "Neutral",
};

export interface Description {
  top: Emotion;
  /** What the face shows: a phrase without a full stop. */
  headline: string;
  /** How far the top emotion is ahead of the second, in words. */
  clarity: string;
}

/** Describe a composition in words. */
export function describeComposition(composition: Composition): Description {
  const [top, second] = rankEmotions(composition) as [Emotion, Emotion];
  const margin = composition[top] - composition[second];
  const headline = formatHeadline(composition[top], composition[second], top, second);
  return { top, headline, clarity: describeMargin(margin) };
}

function formatHeadline(topFraction: number, secondFraction: number, top: Emotion, second: Emotion): string {
  if (topFraction >= 0.8) return EMOTION_LABELS[top];
  if (topFraction >= 0.5) return secondFraction >= 0.2 ? `Mostly ${top}, partly ${second}` : `Mostly ${top}`;
  return `Between ${top} and ${second}`;
}

function describeMargin(margin: number): string {
  if (margin >= 0.6) return "a clear result";
  return margin >= 0.25 ? "a fairly clear result" : "an ambiguous result";
}

/** Format a fraction as a whole percentage. */
export function formatPercent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

/** Whether the face probability is below the threshold; false if the service does not send one. */
export function isDoubtfulFace(faceScore: number | null | undefined): boolean {
  return faceScore !== null && faceScore !== undefined && faceScore < FACE_THRESHOLD;
}

/** A face as far as the summary of an image needs it. */
export interface SummarizedFace {
  top: Emotion;
  isDoubtful: boolean;
}

/** Describe the faces of an image in one line: "5 faces: 4 happy, 1 neutral"; doubtful faces are counted last. */
export function summarizeFaces(faces: readonly SummarizedFace[]): string {
  const clear = faces.filter((face) => !face.isDoubtful);
  const counts = EMOTIONS.map((emotion) => ({
    name: emotion as string,
    count: clear.filter((face) => face.top === emotion).length,
  })).sort((a, b) => b.count - a.count);
  counts.push({ name: "doubtful", count: faces.length - clear.length });
  const parts = counts.filter(({ count }) => count > 0).map(({ name, count }) => `${count} ${name}`);
  const total = capitalize(formatCount(faces.length, "face"));
  if (faces.length === 0) return total;
  return `${total}: ${faces.length === 1 ? parts[0]?.slice(2) : parts.join(", ")}`;
}

/** Format a count with its noun: "no faces", "one face", "2 faces". */
export function formatCount(count: number, noun: string): string {
  return count === 0 ? `no ${noun}s` : count === 1 ? `one ${noun}` : `${count} ${noun}s`;
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

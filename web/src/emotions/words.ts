import { ranked, type Composition, type Emotion } from "./emotions";

/** The emotions as headings and labels name them. */
export const NAMES: Readonly<Record<Emotion, string>> = {
  angry: "Angry",
  fear: "Fear",
  happy: "Happy",
  sad: "Sad",
  surprise: "Surprise",
  neutral: "Neutral",
};

const ADJECTIVES: Readonly<Record<Emotion, string>> = {
  angry: "angry",
  fear: "afraid",
  happy: "happy",
  sad: "sad",
  surprise: "surprised",
  neutral: "neutral",
};

/** Below this, the classifier takes a crop for something else than a face. */
const LEAST_LIKENESS = 0.5;

export interface Reading {
  top: Emotion;
  /** What the face shows, as a short sentence without a full stop. */
  headline: string;
  /** How sure that is, in words. */
  sureness: string;
}

/** What a composition says, in words. */
export function inWords(composition: Composition): Reading {
  const [top, second] = ranked(composition) as [Emotion, Emotion];
  const lead = composition[top] - composition[second];
  const [first, other] = [ADJECTIVES[top], ADJECTIVES[second]];
  return { top, headline: headlineOf(composition[top], composition[second], first, other), sureness: surenessOf(lead) };
}

function headlineOf(largest: number, next: number, first: string, other: string): string {
  if (largest >= 0.8) return capitalised(first);
  if (largest >= 0.5) return next >= 0.2 ? `Mostly ${first}, partly ${other}` : `Mostly ${first}`;
  return `Between ${first} and ${other}`;
}

function surenessOf(lead: number): string {
  if (lead >= 0.6) return "a clear reading";
  return lead >= 0.25 ? "a fair reading" : "a close call";
}

/** A fraction as people read it: whole percents. */
export function percentOf(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

export function mayBeNoFace(likeness: number | null | undefined): boolean {
  return likeness !== null && likeness !== undefined && likeness < LEAST_LIKENESS;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return count === 0 ? `no ${one}` : count === 1 ? `one ${one}` : `${count} ${many}`;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

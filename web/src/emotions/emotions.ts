import { COLORS } from "../generated/emotions";
import type { components } from "../generated/schema";

export type Emotion = components["schemas"]["Emotion"];

/** How much of each emotion a face shows: fractions that sum to 1. */
export type Composition = Record<Emotion, number>;

/** The six, in the order in which they stand everywhere. */
export const EMOTIONS = Object.keys(COLORS) as readonly Emotion[];

export const colorOf: Readonly<Record<Emotion, string>> = COLORS;

/** The composition in the form in which the service sends it. */
export function compositionOf(prediction: readonly { emotion: Emotion; percent: number }[]): Composition {
  const shares = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 0])) as Composition;
  for (const { emotion, percent } of prediction) shares[emotion] = percent;
  return shares;
}

/** The emotions from the largest fraction to the smallest; equal ones in their usual order. */
export function ranked(composition: Composition): Emotion[] {
  return [...EMOTIONS].sort((one, other) => composition[other] - composition[one]);
}

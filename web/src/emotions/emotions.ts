import { COLORS } from "../generated/emotions";
import type { components } from "../generated/schema";

export type Emotion = components["schemas"]["Emotion"];

/** The fraction of each emotion that a face shows; the fractions sum to 1. */
export type Composition = Record<Emotion, number>;

/** The six emotions in their fixed order. */
export const EMOTIONS = Object.keys(COLORS) as readonly Emotion[];

export const EMOTION_COLORS: Readonly<Record<Emotion, string>> = COLORS;

/** The colors on a dark ground, where the gray of neutral is hardly visible. */
export const EMOTION_COLORS_ON_DARK: Readonly<Record<Emotion, string>> = { ...COLORS, neutral: "#9aa1b0" };

/** The colors as CSS values that follow the color scheme of the page. */
export const EMOTION_CSS_COLORS = Object.fromEntries(
  EMOTIONS.map((emotion) => [emotion, `light-dark(${EMOTION_COLORS[emotion]}, ${EMOTION_COLORS_ON_DARK[emotion]})`]),
) as Readonly<Record<Emotion, string>>;

/** Convert the `prediction` field of the REST API to a composition. */
export function toComposition(prediction: readonly { emotion: Emotion; percent: number }[]): Composition {
  const composition = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 0])) as Composition;
  for (const { emotion, percent } of prediction) composition[emotion] = percent;
  return composition;
}

/** Return the emotions sorted by descending fraction; equal fractions keep the fixed order. */
export function rankEmotions(composition: Composition): Emotion[] {
  return [...EMOTIONS].sort((a, b) => composition[b] - composition[a]);
}

/** Return the composition that shows one emotion and nothing else. */
export function toOneHot(emotion: Emotion): Composition {
  return Object.fromEntries(EMOTIONS.map((other) => [other, other === emotion ? 1 : 0])) as Composition;
}

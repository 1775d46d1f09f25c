import { describe, expect, it } from "vitest";
import { describeComposition, summarizeFaces, type SummarizedFace } from "./text";
import { EMOTIONS, type Composition, type Emotion } from "./emotions";

function compose(fractions: Partial<Composition>): Composition {
  return Object.fromEntries(EMOTIONS.map((emotion) => [emotion, fractions[emotion] ?? 0])) as Composition;
}

function faces(...tops: (Emotion | "doubtful")[]): SummarizedFace[] {
  return tops.map((top) => (top === "doubtful" ? { top: "happy", isDoubtful: true } : { top, isDoubtful: false }));
}

describe("summarizeFaces", () => {
  it.each([
    [faces(), "No faces"],
    [faces("surprise"), "One face: surprise"],
    [faces("doubtful"), "One face: doubtful"],
    [faces("happy", "neutral", "happy", "happy", "happy"), "5 faces: 4 happy, 1 neutral"],
    [faces("sad", "angry"), "2 faces: 1 angry, 1 sad"],
    [faces("doubtful", "fear", "doubtful", "doubtful"), "4 faces: 1 fear, 3 doubtful"],
  ])("counts the top emotions, the most frequent first", (given, summary) => {
    expect(summarizeFaces(given)).toBe(summary);
  });
});

describe("describeComposition", () => {
  it.each([
    [compose({ surprise: 0.9, fear: 0.1 }), "Surprise"],
    [compose({ surprise: 0.7, fear: 0.3 }), "Mostly surprise, partly fear"],
    [compose({ surprise: 0.7, fear: 0.15, sad: 0.15 }), "Mostly surprise"],
    [compose({ surprise: 0.4, fear: 0.35, sad: 0.25 }), "Between surprise and fear"],
  ])("names every emotion in one form", (composition, headline) => {
    expect(describeComposition(composition).headline).toBe(headline);
  });
});

import { expect, test } from "vitest";
import { EMOTIONS } from "../emotions/emotions";
import { approach, type Shown } from "./smoothing";
import type { Track } from "./tracking";

const HAPPY = { angry: 0, fear: 0, happy: 1, sad: 0, surprise: 0, neutral: 0 };
const SAD = { ...HAPPY, happy: 0, sad: 1 };

function track(face: number, x: number, composition = HAPPY): Track {
  return { face, box: { x, y: 0, width: 100, height: 100 }, composition, tilt: 0, likeness: 1 };
}

test("nothing found shows nothing, and a new face stands at its place", () => {
  expect(approach([], [], 16)).toEqual([]);
  expect(approach([], [track(1, 40)], 16)[0]?.box.x).toBe(40);
  expect(approach([track(1, 40)], [], 16)).toEqual([]);
});

test("a face moves towards its place without passing it, and gets there", () => {
  let shown: Shown[] = [track(1, 0)];
  let last = 0;
  for (let frame = 0; frame < 60; frame += 1) {
    shown = approach(shown, [track(1, 100)], 16);
    const x = shown[0]?.box.x ?? Number.NaN;
    expect(x).toBeGreaterThan(last);
    expect(x).toBeLessThanOrEqual(100);
    last = x;
  }
  expect(last).toBeCloseTo(100, 0);
});

test("two short steps go as far as a long one", () => {
  const twice = approach(approach([track(1, 0)], [track(1, 100)], 10), [track(1, 100)], 10);
  const once = approach([track(1, 0)], [track(1, 100)], 20);
  expect(twice[0]?.box.x).toBeCloseTo(once[0]?.box.x ?? Number.NaN);
});

test("a composition stays one on its way", () => {
  const [face] = approach([track(1, 0)], [track(1, 0, SAD)], 100);
  expect(face?.composition.sad).toBeGreaterThan(0.1);
  expect(EMOTIONS.reduce((sum, emotion) => sum + (face?.composition[emotion] ?? 0), 0)).toBeCloseTo(1);
});

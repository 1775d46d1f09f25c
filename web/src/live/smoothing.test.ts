import { expect, test } from "vitest";
import { EMOTIONS } from "../emotions/emotions";
import { smoothFaces, type DisplayedFace } from "./smoothing";
import type { Track } from "./tracker";

const HAPPY = { angry: 0, fear: 0, happy: 1, sad: 0, surprise: 0, neutral: 0 };
const SAD = { ...HAPPY, happy: 0, sad: 1 };

function makeTrack(id: number, x: number, composition = HAPPY): Track {
  return { id, box: { x, y: 0, width: 100, height: 100 }, composition, roll: 0, faceScore: 1 };
}

test("smoothFaces shows new tracks at their position and drops ended ones", () => {
  expect(smoothFaces([], [], 16)).toEqual([]);
  expect(smoothFaces([], [makeTrack(1, 40)], 16)[0]?.box.x).toBe(40);
  expect(smoothFaces([makeTrack(1, 40)], [], 16)).toEqual([]);
});

test("smoothFaces approaches the track without overshooting", () => {
  let displayed: DisplayedFace[] = [makeTrack(1, 0)];
  let last = 0;
  for (let frame = 0; frame < 60; frame += 1) {
    displayed = smoothFaces(displayed, [makeTrack(1, 100)], 16);
    const x = displayed[0]?.box.x ?? Number.NaN;
    expect(x).toBeGreaterThan(last);
    expect(x).toBeLessThanOrEqual(100);
    last = x;
  }
  expect(last).toBeCloseTo(100, 0);
});

test("smoothFaces moves as far in two short steps as in a long one", () => {
  const twice = smoothFaces(smoothFaces([makeTrack(1, 0)], [makeTrack(1, 100)], 10), [makeTrack(1, 100)], 10);
  const once = smoothFaces([makeTrack(1, 0)], [makeTrack(1, 100)], 20);
  expect(twice[0]?.box.x).toBeCloseTo(once[0]?.box.x ?? Number.NaN);
});

test("smoothFaces returns compositions that sum to 1", () => {
  const [face] = smoothFaces([makeTrack(1, 0)], [makeTrack(1, 0, SAD)], 100);
  expect(face?.composition.sad).toBeGreaterThan(0.1);
  expect(EMOTIONS.reduce((sum, emotion) => sum + (face?.composition[emotion] ?? 0), 0)).toBeCloseTo(1);
});

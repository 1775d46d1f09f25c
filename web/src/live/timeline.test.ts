import { expect, test } from "vitest";
import { EMOTIONS } from "../emotions/emotions";
import { FaceHistory, Recording, SPAN } from "./timeline";
import type { Track } from "./tracking";

const HAPPY = { angry: 0, fear: 0, happy: 0.75, sad: 0, surprise: 0, neutral: 0.25 };

function track(face: number): Track {
  return { face, box: { x: 0, y: 0, width: 9, height: 9 }, composition: HAPPY, tilt: 0, likeness: 1 };
}

test("a recording without faces is its head", () => {
  const recording = new Recording(0);
  recording.add(10, []);
  expect(recording.csv()).toBe("time,face,angry,fear,happy,sad,surprise,neutral\n");
  expect(recording.rows).toBe(0);
});

test("each face of a frame is a row, timed from the start", () => {
  const recording = new Recording(5000);
  recording.add(5000, [track(1)]);
  recording.add(6250, [track(1), track(2)]);
  expect(recording.csv().trimEnd().split("\n").slice(1)).toEqual([
    "0.000,1,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500",
    "1.250,1,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500",
    "1.250,2,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500",
  ]);
});

test("a history keeps a minute, and its columns are of one length", () => {
  const history = new FaceHistory();
  for (let now = 0; now <= 2 * SPAN; now += 100) history.add(now, HAPPY);
  expect(history.seconds[0]).toBe(SPAN / 1000);
  expect(history.seconds.at(-1)).toBe((2 * SPAN) / 1000);
  expect(history.shares.map((column) => column.length)).toEqual(EMOTIONS.map(() => history.seconds.length));
  history.forget(10 * SPAN);
  expect(history.seconds).toEqual([]);
});

test("where the face was away there is a gap", () => {
  const history = new FaceHistory();
  history.add(0, HAPPY);
  history.add(100, HAPPY);
  history.add(5000, HAPPY);
  expect(history.shares[2]).toEqual([0.75, 0.75, null, 0.75]);
});

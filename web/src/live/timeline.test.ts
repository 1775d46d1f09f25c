import { expect, test } from "vitest";
import { EMOTIONS } from "../emotions/emotions";
import { FaceHistory, PLOT_SPAN, Recording } from "./timeline";
import type { Track } from "./tracker";

const HAPPY = { angry: 0, fear: 0, happy: 0.75, sad: 0, surprise: 0, neutral: 0.25 };

function makeTrack(id: number): Track {
  return { id, box: { x: 0, y: 0, width: 9, height: 9 }, composition: HAPPY, roll: 0, faceScore: 1 };
}

test("Recording without faces has only a header", () => {
  const recording = new Recording(0);
  recording.add(10, []);
  expect(recording.toCsv()).toBe("time,face,angry,fear,happy,sad,surprise,neutral\n");
  expect(recording.numRows).toBe(0);
});

test("Recording leaves out frames that were captured before its start", () => {
  const recording = new Recording(5000);
  recording.add(4990, [{ id: 1 } as Track]);
  expect(recording.numRows).toBe(0);
});

test("Recording writes a row per face and frame, with seconds since the start", () => {
  const recording = new Recording(5000);
  recording.add(5000, [makeTrack(1)]);
  recording.add(6250, [makeTrack(1), makeTrack(2)]);
  expect(recording.toCsv().trimEnd().split("\n").slice(1)).toEqual([
    "0.000,1,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500",
    "1.250,1,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500",
    "1.250,2,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500",
  ]);
});

test("FaceHistory keeps one minute in columns of equal length", () => {
  const history = new FaceHistory();
  for (let now = 0; now <= 2 * PLOT_SPAN; now += 100) history.add(now, HAPPY);
  expect(history.seconds[0]).toBe(PLOT_SPAN / 1000);
  expect(history.seconds.at(-1)).toBe((2 * PLOT_SPAN) / 1000);
  expect(history.fractions.map((column) => column.length)).toEqual(EMOTIONS.map(() => history.seconds.length));
  history.trim(10 * PLOT_SPAN);
  expect(history.seconds).toEqual([]);
});

test("FaceHistory inserts null while the face is absent", () => {
  const history = new FaceHistory();
  history.add(0, HAPPY);
  history.add(100, HAPPY);
  history.add(5000, HAPPY);
  expect(history.fractions[2]).toEqual([0.75, 0.75, null, 0.75]);
});

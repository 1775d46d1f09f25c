import { expect, test } from "vitest";
import { boxIou, MIN_HITS, Tracker, type DetectedFace } from "./tracker";

const composition = { angry: 0, fear: 0, happy: 1, sad: 0, surprise: 0, neutral: 0 };

function faceAt(x: number, y = 0, size = 100): DetectedFace {
  return { box: { x, y, width: size, height: size }, composition, roll: 0, faceScore: 1 };
}

function updateIds(tracker: Tracker, faces: DetectedFace[], now: number): number[] {
  return tracker.update(faces, now).map((track) => track.id);
}

/** Return a tracker in which these faces have a track at time 0. */
function trackerWith(...faces: DetectedFace[]): Tracker {
  const tracker = new Tracker();
  for (let time = 1 - MIN_HITS; time <= 0; time += 1) tracker.update(faces, time);
  return tracker;
}

test("Tracker without faces returns no tracks", () => {
  expect(new Tracker().update([], 0)).toEqual([]);
});

test("boxIou is the intersection over the union", () => {
  expect(boxIou(faceAt(0).box, faceAt(0).box)).toBe(1);
  expect(boxIou(faceAt(0).box, faceAt(100).box)).toBe(0);
  expect(boxIou(faceAt(0).box, faceAt(50).box)).toBeCloseTo(1 / 3);
});

test("Tracker starts a track after three detections", () => {
  const tracker = new Tracker();
  expect([0, 60, 120, 180].map((now) => updateIds(tracker, [faceAt(now / 10)], now))).toEqual([[], [], [1], [1]]);
});

test("Tracker assigns no ID to a face that is detected once and lost", () => {
  const tracker = trackerWith(faceAt(0));
  expect(updateIds(tracker, [faceAt(0), faceAt(300)], 60)).toEqual([1]);
  for (const now of [120, 180, 240]) updateIds(tracker, [faceAt(0)], now);
  for (const now of [1200, 1260]) expect(updateIds(tracker, [faceAt(300)], now)).toEqual([]);
  expect(updateIds(tracker, [faceAt(300)], 1320)).toEqual([2]);
});

test("Tracker keeps the IDs of moving faces in any order", () => {
  const tracker = trackerWith(faceAt(0), faceAt(300));
  expect(updateIds(tracker, [faceAt(290), faceAt(20)], 60)).toEqual([2, 1]);
  expect(updateIds(tracker, [faceAt(40)], 120)).toEqual([1]);
});

test("Tracker keeps the ID of a face that is lost briefly, but not of one that stays away", () => {
  const tracker = trackerWith(faceAt(0));
  expect(updateIds(tracker, [], 500)).toEqual([]);
  expect(updateIds(tracker, [faceAt(10)], 900)).toEqual([1]);
  for (const now of [1000, 1500, 2000]) expect(updateIds(tracker, [], now)).toEqual([]);
  expect(updateIds(tracker, [faceAt(10)], 2100)).toEqual([]);
});

test("Tracker keeps IDs where frames are far apart, but not across a long pause", () => {
  const tracker = trackerWith(faceAt(0), faceAt(300));
  expect(updateIds(tracker, [faceAt(70), faceAt(230)], 1500)).toEqual([1, 2]);
  expect(updateIds(tracker, [faceAt(0)], 3000)).toEqual([1]);
  expect(updateIds(tracker, [faceAt(0), faceAt(230)], 4500)).toEqual([1, 2]);
  expect(updateIds(tracker, [faceAt(0)], 60_000)).toEqual([]);
  expect(updateIds(trackerWith(faceAt(0)), [faceAt(180)], 600)).toEqual([1]);
});

test("Tracker does not take a face that appears beside another one for it", () => {
  const tracker = trackerWith(faceAt(0));
  expect(updateIds(tracker, [faceAt(90)], 60)).toEqual([]);
  expect(updateIds(trackerWith(faceAt(0)), [faceAt(20, 0, 200)], 400)).toEqual([]);
});

test("Tracker matches the nearer of two overlapping faces", () => {
  const tracker = trackerWith(faceAt(0));
  expect(updateIds(tracker, [faceAt(40), faceAt(5)], 60)).toEqual([1]);
  expect(tracker.update([faceAt(41), faceAt(6)], 120)[0]?.box.x).toBe(6);
});

import { expect, test } from "vitest";
import { LEAST_TIMES, overlapOf, Tracker, type Seen } from "./tracking";

const composition = { angry: 0, fear: 0, happy: 1, sad: 0, surprise: 0, neutral: 0 };

function at(x: number, y = 0, side = 100): Seen {
  return { box: { x, y, width: side, height: side }, composition, tilt: 0, likeness: 1 };
}

function numbers(tracker: Tracker, seen: Seen[], now: number): number[] {
  return tracker.follow(seen, now).map((track) => track.face);
}

/** A tracker that believes these faces since the time 0. */
function following(...seen: Seen[]): Tracker {
  const tracker = new Tracker();
  for (let time = 1 - LEAST_TIMES; time <= 0; time += 1) tracker.follow(seen, time);
  return tracker;
}

test("no faces are no tracks", () => {
  expect(new Tracker().follow([], 0)).toEqual([]);
});

test("overlap is the intersection over the union", () => {
  expect(overlapOf(at(0).box, at(0).box)).toBe(1);
  expect(overlapOf(at(0).box, at(100).box)).toBe(0);
  expect(overlapOf(at(0).box, at(50).box)).toBeCloseTo(1 / 3);
});

test("a face is believed when it has been found three times", () => {
  const tracker = new Tracker();
  expect([0, 60, 120, 180].map((now) => numbers(tracker, [at(now / 10)], now))).toEqual([[], [], [1], [1]]);
});

test("what is found once and lost takes no number", () => {
  const tracker = following(at(0));
  expect(numbers(tracker, [at(0), at(300)], 60)).toEqual([1]);
  for (const now of [1200, 1260]) expect(numbers(tracker, [at(300)], now)).toEqual([]);
  expect(numbers(tracker, [at(300)], 1320)).toEqual([2]);
});

test("a face that moves keeps its number, in whatever order faces come", () => {
  const tracker = following(at(0), at(300));
  expect(numbers(tracker, [at(290), at(20)], 60)).toEqual([2, 1]);
  expect(numbers(tracker, [at(40)], 120)).toEqual([1]);
});

test("a face that is missed for a moment keeps its number, one that stays away does not", () => {
  const tracker = following(at(0));
  expect(numbers(tracker, [], 500)).toEqual([]);
  expect(numbers(tracker, [at(10)], 900)).toEqual([1]);
  expect(numbers(tracker, [], 2000)).toEqual([]);
  expect(numbers(tracker, [at(10)], 2100)).toEqual([]);
});

test("of two faces that overlap a followed one, the nearer one is it", () => {
  const tracker = following(at(0));
  expect(numbers(tracker, [at(40), at(5)], 60)).toEqual([1]);
  expect(tracker.follow([at(41), at(6)], 120)[0]?.box.x).toBe(6);
});

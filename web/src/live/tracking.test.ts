import { expect, test } from "vitest";
import { overlapOf, Tracker, type Seen } from "./tracking";

const composition = { angry: 0, fear: 0, happy: 1, sad: 0, surprise: 0, neutral: 0 };

function at(x: number, y = 0, side = 100): Seen {
  return { box: { x, y, width: side, height: side }, composition, tilt: 0, likeness: 1 };
}

function numbers(tracker: Tracker, seen: Seen[], now: number): number[] {
  return tracker.follow(seen, now).map((track) => track.face);
}

test("no faces are no tracks", () => {
  expect(new Tracker().follow([], 0)).toEqual([]);
});

test("overlap is the intersection over the union", () => {
  expect(overlapOf(at(0).box, at(0).box)).toBe(1);
  expect(overlapOf(at(0).box, at(100).box)).toBe(0);
  expect(overlapOf(at(0).box, at(50).box)).toBeCloseTo(1 / 3);
});

test("a face that moves keeps its number, in whatever order faces come", () => {
  const tracker = new Tracker();
  expect(numbers(tracker, [at(0), at(300)], 0)).toEqual([1, 2]);
  expect(numbers(tracker, [at(290), at(20)], 60)).toEqual([2, 1]);
  expect(numbers(tracker, [at(40)], 120)).toEqual([1]);
});

test("a face that is missed for a moment keeps its number, one that stays away does not", () => {
  const tracker = new Tracker();
  expect(numbers(tracker, [at(0)], 0)).toEqual([1]);
  expect(numbers(tracker, [], 500)).toEqual([]);
  expect(numbers(tracker, [at(10)], 900)).toEqual([1]);
  expect(numbers(tracker, [], 2000)).toEqual([]);
  expect(numbers(tracker, [at(10)], 2100)).toEqual([2]);
});

test("of two faces that overlap a followed one, the nearer one is it", () => {
  const tracker = new Tracker();
  numbers(tracker, [at(0)], 0);
  expect(numbers(tracker, [at(40), at(5)], 60)).toEqual([2, 1]);
});

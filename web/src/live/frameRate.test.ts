import { expect, test } from "vitest";
import { FrameRate } from "./frameRate";

test("FrameRate without frames is zero", () => {
  expect([new FrameRate().fps, new FrameRate().medianLatency]).toEqual([0, 0]);
});

test("FrameRate covers the last two seconds", () => {
  const rate = new FrameRate();
  for (let at = 0; at <= 10_000; at += 1000) rate.add(at, 500);
  for (let at = 10_050; at <= 13_000; at += 50) rate.add(at, at);
  expect(rate.fps).toBeCloseTo(20);
  expect(rate.medianLatency).toBeGreaterThan(11_000);
});

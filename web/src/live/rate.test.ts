import { expect, test } from "vitest";
import { Rate } from "./rate";

test("no events are no rate", () => {
  expect([new Rate().perSecond, new Rate().median]).toEqual([0, 0]);
});

test("the last two seconds count", () => {
  const rate = new Rate();
  for (let at = 0; at <= 10_000; at += 1000) rate.add(at, 500);
  for (let at = 10_050; at <= 13_000; at += 50) rate.add(at, at);
  expect(rate.perSecond).toBeCloseTo(20);
  expect(rate.median).toBeGreaterThan(11_000);
});

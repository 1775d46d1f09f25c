import { expect, test } from "vitest";
import { waitBefore } from "./connection";

test("waits double up to eight seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => waitBefore(attempt, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000, 8000,
  ]);
});

test("chance makes a wait shorter, never none", () => {
  for (const chance of [0, 0.3, 0.99]) {
    expect(waitBefore(3, chance)).toBeLessThanOrEqual(2000);
    expect(waitBefore(3, chance)).toBeGreaterThan(1000);
  }
});

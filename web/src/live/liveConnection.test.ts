import { expect, test } from "vitest";
import { retryDelay } from "./liveConnection";

test("retryDelay doubles up to eight seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => retryDelay(attempt, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000, 8000,
  ]);
});

test("retryDelay with jitter is shorter, but not zero", () => {
  for (const random of [0, 0.3, 0.99]) {
    expect(retryDelay(3, random)).toBeLessThanOrEqual(2000);
    expect(retryDelay(3, random)).toBeGreaterThan(1000);
  }
});

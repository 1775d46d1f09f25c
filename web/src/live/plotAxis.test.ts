import { expect, test } from "vitest";
import { nearestIndex, plotSpan, tickOffsets } from "./plotAxis";

test("plotSpan grows from a few seconds to a minute", () => {
  expect([undefined, 100, 88, 0].map((first) => plotSpan(first, 100))).toEqual([5, 5, 12, 60]);
});

test("tickOffsets end now and are few", () => {
  for (let span = 5; span <= 60; span += 1) {
    const offsets = tickOffsets(span);
    expect(offsets.at(-1)).toBe(0);
    expect(offsets[0]).toBeLessThanOrEqual(span);
    expect(offsets.length).toBeLessThanOrEqual(7);
    expect(offsets.length).toBeGreaterThan(2);
  }
});

test("nearestIndex finds the nearest time", () => {
  expect(nearestIndex([], 3)).toBeUndefined();
  expect([-1, 2.4, 2.6, 99].map((second) => nearestIndex([1, 2, 3], second))).toEqual([0, 1, 2, 2]);
});

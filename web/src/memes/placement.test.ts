import { expect, test } from "vitest";
import { headBox } from "./meme";
import { HEAD_CENTER, placeMeme, rollFromLandmarks, toSvgTransform } from "./placement";

test("placeMeme centers the head on the box and covers it", () => {
  const placement = placeMeme({ x: 10, y: 20, width: 80, height: 60 }, 15);
  expect(placement.center).toEqual([50, 50]);
  expect(placement.scale * headBox[2]).toBeGreaterThanOrEqual(80);
  expect(placement.scale * headBox[3]).toBeGreaterThanOrEqual(60);
});

test("toSvgTransform translates, rotates and scales about the head center", () => {
  const [x, y] = HEAD_CENTER;
  expect(toSvgTransform({ scale: 2, roll: 15, center: [50, 60] })).toBe(
    `translate(50 60) rotate(15) scale(2) translate(${-x} ${-y})`,
  );
});

test.each([
  [undefined, 0],
  [null, 0],
  [{}, 0],
  [{ right_eye: [10, 20], left_eye: [30, 20] }, 0],
  [{ right_eye: [10, 20], left_eye: [30, 40] }, 45],
  [{ right_eye: [10, 20], left_eye: [10, 0] }, -90],
])("rollFromLandmarks of %j is %d degrees", (landmarks, degrees) => {
  expect(rollFromLandmarks(landmarks)).toBeCloseTo(degrees);
});

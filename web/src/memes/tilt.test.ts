import { expect, test } from "vitest";
import { tiltOf } from "./tilt";

test.each([
  [undefined, 0],
  [null, 0],
  [{}, 0],
  [{ right_eye: [10, 20], left_eye: [30, 20] }, 0],
  [{ right_eye: [10, 20], left_eye: [30, 40] }, 45],
  [{ right_eye: [10, 20], left_eye: [10, 0] }, -90],
])("%j is turned by %d degrees", (landmarks, degrees) => {
  expect(tiltOf(landmarks)).toBeCloseTo(degrees);
});

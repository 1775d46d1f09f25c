import { expect, test } from "vitest";
import { HEAD_MIDDLE, placeOn, transformOf } from "./placing";
import { headBox } from "./meme";

test("a head's middle lies on its box's middle, and covers it", () => {
  const place = placeOn({ x: 10, y: 20, width: 80, height: 60 }, 15);
  expect(place.middle).toEqual([50, 50]);
  expect(place.scale * headBox[2]).toBeGreaterThanOrEqual(80);
  expect(place.scale * headBox[3]).toBeGreaterThanOrEqual(60);
});

test("the transform goes there, turned", () => {
  const [x, y] = HEAD_MIDDLE;
  expect(transformOf({ scale: 2, tilt: 15, middle: [50, 60] })).toBe(
    `translate(50 60) rotate(15) scale(2) translate(${-x} ${-y})`,
  );
});

import { describe, expect, it } from "vitest";
import { EMOTIONS, headBox, memeShapes, viewBox, type Composition, type Emotion } from "./meme";

const pure = (emotion: Emotion): Composition =>
  Object.fromEntries(EMOTIONS.map((other) => [other, other === emotion ? 1 : 0])) as Composition;

// tests/drawing/memes compares the paths with those of the Python package.
describe("memeShapes", () => {
  it("returns the same uniquely named shapes for every emotion", () => {
    const names = memeShapes(pure("neutral")).map((shape) => shape.name);
    expect(new Set(names).size).toBe(names.length);
    for (const emotion of EMOTIONS) expect(memeShapes(pure(emotion)).map((shape) => shape.name)).toEqual(names);
  });

  it("returns valid SVG attributes", () => {
    for (const shape of EMOTIONS.flatMap((emotion) => memeShapes(pure(emotion)))) {
      expect(shape.d).toMatch(/^M-?[\d.]+ -?[\d.]+(C(-?[\d.]+ ?){6})+Z?$/);
      expect(shape.fill).toMatch(/^(none|#[0-9a-f]{6})$/);
      expect(shape.stroke).toMatch(/^(none|#[0-9a-f]{6})$/);
      expect(shape.strokeWidth).toBeGreaterThanOrEqual(0);
      expect(shape.opacity).toBeGreaterThanOrEqual(0);
      expect(shape.opacity).toBeLessThanOrEqual(1);
      if (shape.clip !== undefined) expect(shape.clip).toMatch(/Z$/);
    }
  });

  it("draws the emotions differently", () => {
    const mouths = EMOTIONS.map((emotion) => memeShapes(pure(emotion)).find(({ name }) => name === "mouth")!.d);
    expect(new Set(mouths).size).toBe(EMOTIONS.length);
  });

  it("clips each pupil to the eye on its side", () => {
    const shapes = new Map(memeShapes(pure("surprise")).map((shape) => [shape.name, shape]));
    for (const side of ["left", "right"]) expect(shapes.get(`pupil:${side}`)!.clip).toBe(shapes.get(`eye:${side}`)!.d);
  });

  it("keeps the head inside the view box", () => {
    const [x, y, width, height] = viewBox.split(" ").map(Number) as [number, number, number, number];
    expect(headBox[0]).toBeGreaterThan(x);
    expect(headBox[1]).toBeGreaterThan(y);
    expect(headBox[0] + headBox[2]).toBeLessThan(x + width);
    expect(headBox[1] + headBox[3]).toBeLessThan(y + height);
  });
});

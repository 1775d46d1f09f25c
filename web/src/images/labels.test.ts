import { describe, expect, it } from "vitest";
import type { Box } from "../memes/placement";
import { placeLabels, type LabeledBox } from "./labels";

const options = { width: 600, height: 400, fontSize: 12, measure: (text: string) => 7 * text.length };

function makeFace(index: number, x: number, y: number, size: number): LabeledBox {
  const box = { x, y, width: size, height: size };
  return { box, word: `${index} Surprise`, full: `${index} Surprise 100 %`, short: String(index) };
}

function makeGrid(columns: number, rows: number, size: number): LabeledBox[] {
  const step = { x: 600 / columns, y: 400 / rows };
  return Array.from({ length: columns * rows }, (_, i) =>
    makeFace(
      i + 1,
      (i % columns) * step.x + (step.x - size) / 2,
      Math.floor(i / columns) * step.y + (step.y - size) / 2,
      size,
    ),
  );
}

function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe("placeLabels", () => {
  it("returns no labels for no faces", () => {
    expect(placeLabels([], options)).toEqual([]);
  });

  it.each([
    ["5 faces", makeGrid(5, 1, 60), 5],
    ["30 faces", makeGrid(6, 5, 40), 30],
    ["30 faces close together", makeGrid(6, 5, 62), 30],
    ["100 faces", makeGrid(10, 10, 30), 0],
    ["nested faces", [makeFace(1, 100, 100, 200), makeFace(2, 150, 150, 60), makeFace(3, 152, 152, 58)], 1],
    ["a face as large as the image", [makeFace(1, 0, 0, 400)], 1],
    ["faces in the corners", [makeFace(1, 0, 0, 20), makeFace(2, 580, 380, 20)], 2],
  ])("places labels of %s inside the image and apart from each other", (_, faces, minWords) => {
    const labels = placeLabels(faces, options).filter((label) => label !== undefined);
    for (const [index, label] of labels.entries()) {
      expect(label.x).toBeGreaterThanOrEqual(0);
      expect(label.y).toBeGreaterThanOrEqual(0);
      expect(label.x + label.width).toBeLessThanOrEqual(600);
      expect(label.y + label.height).toBeLessThanOrEqual(400);
      expect(labels.slice(index + 1).filter((other) => overlaps(label, other))).toEqual([]);
    }
    expect(labels.filter((label) => label.text.includes("Surprise")).length).toBeGreaterThanOrEqual(minWords);
  });

  it("adds the percentage where there is space, and covers no face", () => {
    const faces = [makeFace(1, 100, 150, 100), makeFace(2, 400, 150, 100)];
    const labels = placeLabels(faces, options);
    expect(labels.map((label) => label?.text)).toEqual(["1 Surprise 100 %", "2 Surprise 100 %"]);
    expect(faces.some((face) => labels.some((label) => label && overlaps(label, face.box)))).toBe(false);
  });

  it("leaves out the percentage, then the word, where there is no space", () => {
    const narrow = { ...options, width: 100 };
    expect(placeLabels([makeFace(1, 20, 100, 60)], narrow)[0]?.text).toBe("1 Surprise");
    expect(placeLabels([makeFace(1, 5, 100, 40)], { ...options, width: 50 })[0]?.text).toBe("1");
    expect(placeLabels([makeFace(1, 0, 0, 10)], { ...options, width: 10, height: 10 })[0]).toBeUndefined();
  });

  it("gives every face its word before one gets its percentage", () => {
    const labels = placeLabels(makeGrid(6, 5, 40), options);
    expect(labels.every((label) => label?.text.includes("Surprise"))).toBe(true);
  });

  it("gives all faces their numbers if words leave some without a label", () => {
    const texts = placeLabels(makeGrid(10, 10, 30), options).map((label) => label?.text);
    expect(texts.filter((text) => text?.includes("Surprise"))).toEqual([]);
    expect(texts.filter((text) => text !== undefined).length).toBeGreaterThan(90);
  });
});

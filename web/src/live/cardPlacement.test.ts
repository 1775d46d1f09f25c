import { expect, test } from "vitest";
import { CARD_SIZES, placeCards, type CardFace } from "./cardPlacement";

const FRAME = { width: 640, height: 480 };

function faceAt(id: number, x: number, y: number, size: number): CardFace {
  return { id, box: { x, y, width: size, height: size } };
}

test("placeCards without faces returns no cards", () => {
  expect(placeCards([], FRAME, [])).toEqual([]);
});

test("placeCards places bars beside a face, and on its other side at the edge", () => {
  const [right] = placeCards([faceAt(1, 100, 100, 120)], FRAME, []);
  expect(right).toMatchObject({ id: 1, detail: "bars", x: 228 });
  const [left] = placeCards([faceAt(1, 500, 100, 120)], FRAME, []);
  expect(left?.x).toBeLessThan(500 - CARD_SIZES.bars.width);
});

test("placeCards uses a heading where there is no space for bars, and nothing where there is none at all", () => {
  expect(placeCards([faceAt(1, 20, 40, 320)], { width: 360, height: 400 }, [])).toMatchObject([{ detail: "heading" }]);
  expect(placeCards([faceAt(1, 0, 0, 360)], { width: 360, height: 360 }, [])).toEqual([]);
});

test("placeCards covers no face and no other card", () => {
  const faces = Array.from({ length: 9 }, (_, i) => faceAt(i, 30 + (i % 3) * 200, 20 + Math.floor(i / 3) * 150, 90));
  const cards = placeCards(faces, FRAME, []);
  expect(cards.length).toBeGreaterThan(5);
  const areas = [...faces.map(({ box }) => box), ...cards];
  for (const card of cards) {
    for (const area of areas) {
      if (area === card) continue;
      const width = Math.min(card.x + card.width, area.x + area.width) - Math.max(card.x, area.x);
      const height = Math.min(card.y + card.height, area.y + area.height) - Math.max(card.y, area.y);
      expect(width <= 0 || height <= 0).toBe(true);
    }
  }
});

test("placeCards keeps the place of a card while it is free", () => {
  const before = placeCards([faceAt(1, 500, 100, 100)], FRAME, []);
  const after = placeCards([faceAt(1, 300, 100, 100)], FRAME, before);
  expect(after[0]?.place).toBe(before[0]?.place);
  expect(placeCards([faceAt(1, 300, 100, 100)], FRAME, [])[0]?.place).not.toBe(before[0]?.place);
});

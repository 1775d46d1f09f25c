import type { Box } from "../memes/placement";

/** What a card shows: a heading and six bars, or the heading alone. */
export type CardDetail = "bars" | "heading";

/** The size of a card in pixels as displayed. */
export const CARD_SIZES: Readonly<Record<CardDetail, { width: number; height: number }>> = {
  bars: { width: 168, height: 126 },
  heading: { width: 128, height: 24 },
};

/** The distance of a card from its face and from the edges in pixels. */
const GAP = 8;

/** The space that a card with bars must have around it to replace a heading, so that cards do not flicker. */
const RESERVE = 12;

/** A face whose card is to be placed, in pixels as displayed. */
export interface CardFace {
  id: number;
  /** What no card may cover: the box of the face, or the meme face over it. */
  box: Box;
}

/** A card at its place. */
export interface PlacedCard extends Box {
  id: number;
  detail: CardDetail;
  /** The number of its place among those around the face. */
  place: number;
}

/**
 * Place a card at each face, inside the frame, without covering any face or other card: beside, below or above the face,
 * with bars if there is space, else with a heading alone, else not at all. A card keeps its previous place while that is
 * free. Large faces come first.
 */
export function placeCards(
  faces: readonly CardFace[],
  frame: { width: number; height: number },
  previous: readonly PlacedCard[],
): PlacedCard[] {
  const placed: PlacedCard[] = [];
  const order = [...faces].sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
  for (const face of order) {
    const card = placeCard(
      face,
      previous.find(({ id }) => id === face.id),
      frame,
      (area) => [...faces.map(({ box }) => box), ...placed].every((other) => !overlaps(area, other)),
    );
    if (card) placed.push(card);
  }
  return placed;
}

function placeCard(
  { id, box }: CardFace,
  previous: PlacedCard | undefined,
  frame: { width: number; height: number },
  isFree: (area: Box) => boolean,
): PlacedCard | undefined {
  const list = (detail: CardDetail): PlacedCard[] =>
    listPlaces(box, CARD_SIZES[detail])
      .map((corner, place) => ({ ...moveInside(corner, CARD_SIZES[detail], frame), id, detail, place }))
      .filter((card) => card.x >= 0 && card.y >= 0 && isFree(card));
  const bars = list("bars");
  if (previous?.detail === "bars")
    return bars.find(({ place }) => place === previous.place) ?? bars[0] ?? list("heading")[0];
  const spacious = bars.find((card) => !previous || isFree(grow(card, RESERVE)));
  if (spacious) return spacious;
  const headings = list("heading");
  return headings.find(({ place }) => place === previous?.place) ?? headings[0];
}

/** List the places of a card: right and left of the face, then below and above it. */
function listPlaces(box: Box, card: { width: number; height: number }): { x: number; y: number }[] {
  const [right, below] = [box.x + box.width, box.y + box.height];
  const rows = [box.y + (box.height - card.height) / 2, box.y, below - card.height];
  const columns = [box.x + (box.width - card.width) / 2, box.x, right - card.width];
  return [
    ...[right + GAP, box.x - GAP - card.width].flatMap((x) => rows.map((y) => ({ x, y }))),
    ...[below + GAP, box.y - GAP - card.height].flatMap((y) => columns.map((x) => ({ x, y }))),
  ];
}

function moveInside(
  { x, y }: { x: number; y: number },
  { width, height }: { width: number; height: number },
  frame: { width: number; height: number },
): Box {
  return {
    x: Math.min(Math.max(x, GAP), frame.width - GAP - width),
    y: Math.min(Math.max(y, GAP), frame.height - GAP - height),
    width,
    height,
  };
}

function grow({ x, y, width, height }: Box, by: number): Box {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

import type { Box } from "../memes/placement";

/** Height of a label, its distance from the box and its horizontal padding, in multiples of the font size. */
const HEIGHT = 1.6;
const GAP = 0.3;
const PADDING = 0.45;

/** Largest fraction of a box that a label may cover: of its own, and of others where there is no room outside of them. */
const MAX_OWN_COVERED = 0.25;
const MAX_COVERED = 0.1;

/** A face whose label is to be placed. */
export interface LabeledBox {
  /** What the label belongs to: the box of the face, or of its meme face. */
  box: Box;
  /** The text that is placed, the same with more details, and what is placed if there is no room for words. */
  word: string;
  full: string;
  short?: string;
}

/** A label at its place. */
export interface PlacedLabel extends Box {
  text: string;
}

export interface LabelOptions {
  /** The size of the image as displayed; labels are inside. */
  width: number;
  height: number;
  fontSize: number;
  /** Return the width of a text. */
  measure: (text: string) => number;
}

/** Which text is placed in a pass over all faces, and how much of other boxes it may cover. */
const PASSES = [
  ["word", 0],
  ["word", MAX_COVERED],
  ["short", 0],
  ["short", MAX_OWN_COVERED],
] as const;

/**
 * Place a label at each box so that no label overlaps another one. A label is the word, outside of all boxes if
 * possible, else the short text, and undefined if there is no room at all; where room is left, the word is replaced by
 * the full text. Large boxes come first. All lengths are in pixels as displayed.
 */
export function placeLabels(faces: readonly LabeledBox[], options: LabelOptions): (PlacedLabel | undefined)[] {
  const labels: (PlacedLabel | undefined)[] = faces.map(() => undefined);
  const order = faces.map((_, index) => index).sort((a, b) => area(faces[b]!.box) - area(faces[a]!.box));
  const isFree = (label: Box, index: number, maxCovered: number): boolean =>
    faces.every(
      (other, i) =>
        intersection(label, other.box) <= (i === index ? MAX_OWN_COVERED : maxCovered) * area(other.box) &&
        (i === index || labels[i] === undefined || intersection(label, labels[i]) === 0),
    );
  for (const [kind, maxCovered] of PASSES) {
    for (const index of order) {
      const { box, [kind]: text } = faces[index]!;
      if (labels[index] || text === undefined) continue;
      labels[index] = findPlace(box, text, (label) => isFree(label, index, maxCovered), options);
    }
  }
  // Last, so that no percentage takes the room of a word. A label that moves to another side of its box must stay clear
  // of other boxes, so that it is not taken for theirs.
  for (const index of order) {
    const { box, word, full } = faces[index]!;
    const label = labels[index];
    if (label?.text !== word) continue;
    const isBetter = (longer: Box): boolean =>
      isFree(longer, index, 0) &&
      (longer.y === label.y || faces.every((face, i) => i === index || !intersection(grow(longer), face.box)));
    labels[index] = findPlace(box, full, isBetter, options) ?? label;
  }
  return labels;
}

function findPlace(
  box: Box,
  text: string,
  isFree: (label: Box) => boolean,
  { width, height, fontSize, measure }: LabelOptions,
): PlacedLabel | undefined {
  const size = { width: Math.ceil(measure(text)) + 2 * PADDING * fontSize, height: HEIGHT * fontSize };
  if (size.width > width || size.height > height) return undefined;
  for (const [left, top] of listPlaces(box, size, GAP * fontSize)) {
    const x = Math.min(Math.max(left, 0), width - size.width);
    const y = Math.min(Math.max(top, 0), height - size.height);
    if (isFree({ x, y, ...size })) return { x, y, ...size, text };
  }
  return undefined;
}

/** List the places of a label: above, below and beside its box, then, in a large box, inside at its lower edge. */
function listPlaces(box: Box, label: { width: number; height: number }, gap: number): [number, number][] {
  const [left, right] = [box.x, box.x + box.width - label.width];
  const columns = label.width <= box.width ? [left, (left + right) / 2, right] : [(left + right) / 2, left, right];
  const [above, below] = [box.y - gap - label.height, box.y + box.height + gap];
  const places = [above, below].flatMap((y) => columns.map((x): [number, number] => [x, y]));
  for (const y of [box.y, box.y + box.height - label.height]) {
    places.push([box.x + box.width + gap, y], [box.x - gap - label.width, y]);
  }
  if (label.width + 2 * gap <= box.width && 4 * label.height <= box.height) {
    places.push([box.x + gap, box.y + box.height - gap - label.height]);
  }
  return places;
}

function area(box: Box): number {
  return box.width * box.height;
}

/** Return a label with twice its height of room above and below. */
function grow({ x, y, width, height }: Box): Box {
  return { x, y: y - 2 * height, width, height: 5 * height };
}

/** Return the area that two boxes share. */
function intersection(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

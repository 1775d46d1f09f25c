import type { Box } from "../memes/placement";

/** Height of a label, its distance from the box and its horizontal padding, in multiples of the font size. */
const HEIGHT = 1.6;
const GAP = 0.3;
const PADDING = 0.45;

/** Largest fraction of a box that a label may cover: of its own, and of others where there is no space outside of them. */
const MAX_OWN_COVERED = 0.25;
const MAX_COVERED = 0.1;

/** A face whose label is to be placed. */
export interface LabeledBox {
  /** What the label belongs to: the box of the face, or of its meme face. */
  box: Box;
  /** The text that is placed, the same with more details, and what is placed if there is no space for words. */
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

/** Smallest fraction of boxes with their word; with fewer, a mixture of words and short texts would only confuse. */
const MIN_WORDS = 0.6;

/** A pass over all boxes: which text is placed, and how much of other boxes it may cover. */
type Pass = readonly ["word" | "short", number];

const WORD_PASSES: readonly Pass[] = [
  ["word", 0],
  ["word", MAX_COVERED],
];
const SHORT_PASSES: readonly Pass[] = [
  ["short", 0],
  ["short", MAX_OWN_COVERED],
];

type Labels = (PlacedLabel | undefined)[];

/**
 * Place a label at each box so that no label overlaps another one. A label is the word, outside of all boxes if
 * possible, else the short text, and undefined if there is no space at all. If every box has its word, words are replaced
 * by full texts where space is left; if too few have one, all get the short text unless that places fewer labels. Large
 * boxes come first. All lengths are in pixels as displayed.
 */
export function placeLabels(faces: readonly LabeledBox[], options: LabelOptions): Labels {
  const labels = placeTexts(faces, [...WORD_PASSES, ...SHORT_PASSES], options);
  const numWords = labels.filter((label, index) => label?.text === faces[index]!.word).length;
  if (numWords === faces.length) return extendLabels(labels as PlacedLabel[], faces, options);
  if (numWords >= MIN_WORDS * faces.length) return labels;
  const shorts = placeTexts(faces, SHORT_PASSES, options);
  return countPlaced(shorts) >= countPlaced(labels) ? shorts : labels;
}

function placeTexts(faces: readonly LabeledBox[], passes: readonly Pass[], options: LabelOptions): Labels {
  const labels: Labels = faces.map(() => undefined);
  for (const [kind, maxCovered] of passes) {
    for (const index of orderBySize(faces)) {
      const { box, [kind]: text } = faces[index]!;
      if (labels[index] || text === undefined) continue;
      labels[index] = findPlace(box, text, (label) => isFree(label, index, faces, labels, maxCovered), options);
    }
  }
  return labels;
}

/** Replace words by full texts where there is space. */
function extendLabels(words: readonly PlacedLabel[], faces: readonly LabeledBox[], options: LabelOptions): Labels {
  const labels = [...words];
  for (const index of orderBySize(faces)) {
    const { box, full } = faces[index]!;
    // A label that moves to another side of its box must stay clear of other boxes, so that it is not taken for theirs.
    const isBetter = (longer: Box): boolean =>
      isFree(longer, index, faces, labels, 0) &&
      (longer.y === labels[index]!.y || faces.every((face, i) => i === index || !intersection(grow(longer), face.box)));
    labels[index] = findPlace(box, full, isBetter, options) ?? labels[index]!;
  }
  return labels;
}

function countPlaced(labels: Labels): number {
  return labels.filter((label) => label !== undefined).length;
}

function orderBySize(faces: readonly LabeledBox[]): number[] {
  return faces.map((_, index) => index).sort((a, b) => area(faces[b]!.box) - area(faces[a]!.box));
}

/** Whether a label overlaps no other label, and covers no more of the boxes than it may. */
function isFree(label: Box, index: number, faces: readonly LabeledBox[], labels: Labels, maxCovered: number): boolean {
  return faces.every(
    (other, i) =>
      intersection(label, other.box) <= (i === index ? MAX_OWN_COVERED : maxCovered) * area(other.box) &&
      (i === index || labels[i] === undefined || intersection(label, labels[i]) === 0),
  );
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

/** Return a label with twice its height of space above and below. */
function grow({ x, y, width, height }: Box): Box {
  return { x, y: y - 2 * height, width, height: 5 * height };
}

/** Return the area that two boxes share. */
function intersection(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

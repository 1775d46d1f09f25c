/**
 * The meme face of a composition, as shapes for an inline SVG.
 *
 * It draws the same description as the Python package and must give the same paths: how the file is written, and what
 * its fields mean, stands in src/mememoji/drawing/memes/description.py, which also checks it.
 */
import description from "../../../src/mememoji/drawing/memes/meme.json";

export const EMOTIONS = ["angry", "fear", "happy", "sad", "surprise", "neutral"] as const;
export type Emotion = (typeof EMOTIONS)[number];
/** Six fractions that sum to 1. */
export type Composition = Record<Emotion, number>;

/** One path of the drawing, painted over those before it; ends and joins of strokes are round. */
export interface Shape {
  /** The same for every composition, so that a list of shapes can be keyed by it. */
  name: string;
  d: string;
  /** `#rrggbb` or `none`. */
  fill: string;
  stroke: string;
  strokeWidth: number;
  /** 0..1; a shape that is not to be seen has 0. */
  opacity: number;
  /** The path that this one is cut to. */
  clip?: string;
}

type Keyed<T> = T | ({ neutral: T } & { [E in Emotion]?: T });
type Symmetry = "none" | "pair" | "joined";
type Point = [number, number];
interface Layer {
  name: string;
  path?: Keyed<string>;
  like?: string;
  symmetry?: Symmetry;
  fill?: Keyed<string>;
  stroke?: Keyed<string>;
  width?: Keyed<number>;
  opacity?: Keyed<number>;
  clip?: string;
}
/** A row of numbers at rest, and by how much each emotion moves it. */
interface Blend {
  rest: number[];
  pulls: [Emotion, number[]][];
}
interface Part {
  name: string;
  closed: boolean;
  points: Blend;
  fill: Blend | null;
  stroke: Blend | null;
  width: Blend;
  opacity: Blend;
  clip: string | undefined;
}

const [x, y, width, height] = description.view_box as [number, number, number, number];
const MIDDLE = x + width / 2;
const parts = prepare(description.layers as Layer[]);

/** The drawing's place, as the `viewBox` attribute of an `svg` element. */
export const viewBox = `${x} ${y} ${width} ${height}`;
/** The head at rest in the drawing's units, [x, y, width, height]: what is laid on a face's box. */
export const headBox = description.head as [number, number, number, number];

/** The face of a composition, its hindmost part first: always the same shapes in the same order. */
export function memeShapes(composition: Composition): Shape[] {
  const paths = new Map<string, string>();
  return parts.map((part) => {
    const d = pathData(blend(part.points, composition));
    paths.set(part.name, d);
    const shape: Shape = {
      name: part.name,
      d: part.closed ? `${d}Z` : d,
      fill: color(part.fill, composition),
      stroke: color(part.stroke, composition),
      strokeWidth: Math.max(blend(part.width, composition)[0]!, 0),
      opacity: Math.min(Math.max(blend(part.opacity, composition)[0]!, 0), 1),
    };
    if (part.clip !== undefined) shape.clip = `${paths.get(part.clip)}Z`;
    return shape;
  });
}

function prepare(layers: Layer[]): Part[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const parts: Part[] = [];
  for (const layer of layers) {
    const model = layer.like === undefined ? layer : byName.get(layer.like)!;
    const paths = keys(model.path!).map(([emotion, path]) => [emotion, points(path)] as [Emotion, Point[]]);
    const closed = keys(model.path!)[0]![1].endsWith("Z");
    for (const side of model.symmetry === "pair" ? [":left", ":right"] : [""]) {
      const clip = layer.clip === undefined ? undefined : layer.clip + side;
      parts.push({
        name: layer.name + side,
        closed,
        points: toBlend(paths.map(([emotion, path]) => [emotion, drawn(path, model.symmetry, side).flat()])),
        fill: toColors(layer.fill),
        stroke: toColors(layer.stroke),
        width: toBlend(keys(layer.width ?? 0).map(([emotion, value]) => [emotion, [value]])),
        opacity: toBlend(keys(layer.opacity ?? 1).map(([emotion, value]) => [emotion, [value]])),
        clip: parts.some((part) => part.name === clip) ? clip : layer.clip,
      });
    }
  }
  return parts;
}

/** Neutral's value and those of the emotions that have their own. */
function keys<T extends string | number>(value: Keyed<T>): [Emotion, T][] {
  if (typeof value !== "object") return [["neutral", value]];
  return EMOTIONS.filter((emotion) => emotion in value).map((emotion) => [emotion, value[emotion] as T]);
}

function toBlend(values: [Emotion, number[]][]): Blend {
  const rest = values.find(([emotion]) => emotion === "neutral")![1];
  const others = values.filter(([emotion]) => emotion !== "neutral");
  return { rest, pulls: others.map(([emotion, row]) => [emotion, row.map((value, at) => value - rest[at]!)]) };
}

function toColors(value: Keyed<string> | undefined): Blend | null {
  if (value === undefined || value === "none") return null;
  return toBlend(
    keys(value).map(([emotion, text]) => [emotion, [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16))]),
  );
}

function points(path: string): Point[] {
  const numbers = path.match(/-?\d+(\.\d+)?/g)!.map(Number);
  return Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[2 * at]!, numbers[2 * at + 1]!]);
}

function drawn(path: Point[], symmetry: Symmetry | undefined, side: string): Point[] {
  const mirrored = path.map(([px, py]): Point => [2 * MIDDLE - px, py]);
  if (symmetry === "joined") return [...path, ...mirrored.slice(0, -1).reverse()];
  return side === ":right" ? mirrored : path;
}

function blend({ rest, pulls }: Blend, composition: Composition): number[] {
  const values = [...rest];
  for (const [emotion, pull] of pulls) {
    const fraction = composition[emotion];
    const gain = fraction * (1 + description.boldness * (1 - fraction));
    if (gain !== 0) pull.forEach((value, at) => (values[at]! += gain * value));
  }
  return values;
}

function pathData(numbers: number[]): string {
  const texts = numbers.map((value) => String(Math.round(value * 100) / 100));
  let path = `M${texts[0]} ${texts[1]}`;
  for (let at = 2; at < texts.length; at += 6) path += `C${texts.slice(at, at + 6).join(" ")}`;
  return path;
}

function color(values: Blend | null, composition: Composition): string {
  if (values === null) return "none";
  const bytes = blend(values, composition).map((value) => Math.floor(Math.min(Math.max(value, 0), 255) + 0.5));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

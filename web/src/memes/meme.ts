/**
 * The meme face of a composition, as shapes for an inline SVG.
 *
 * It reads the same description as the Python package and must return the same paths. The module
 * src/mememoji/drawing/memes/description.py documents and validates the format of the file.
 */
import description from "../../../src/mememoji/drawing/memes/meme.json";

export const EMOTIONS = ["angry", "fear", "happy", "sad", "surprise", "neutral"] as const;
export type Emotion = (typeof EMOTIONS)[number];
/** Six fractions that sum to 1. */
export type Composition = Record<Emotion, number>;

/** A path of the drawing, painted over the paths before it; ends and joins of strokes are round. */
export interface Shape {
  /** The same for every composition: the key of the shape in a list. */
  name: string;
  d: string;
  /** `#rrggbb` or `none`. */
  fill: string;
  stroke: string;
  strokeWidth: number;
  /** 0..1; 0 hides the shape. */
  opacity: number;
  /** The path that clips this one. */
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
/** The values of the neutral face and the offset that each emotion adds. */
interface Blend {
  neutral: number[];
  offsets: [Emotion, number[]][];
}
interface Component {
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
const CENTER_X = x + width / 2;
const components = parseLayers(description.layers as Layer[]);

/** The `viewBox` attribute of the `svg` element. */
export const viewBox = `${x} ${y} ${width} ${height}`;
/** The neutral head in units of the drawing, [x, y, width, height]; it is aligned with the box of a face. */
export const headBox = description.head as [number, number, number, number];

/** Return the shapes of a composition's face from back to front: always the same shapes in the same order. */
export function memeShapes(composition: Composition): Shape[] {
  const paths = new Map<string, string>();
  const weights = blendWeights(composition);
  return components.map((component) => {
    const d = toPathData(blend(component.points, weights));
    paths.set(component.name, d);
    const shape: Shape = {
      name: component.name,
      d: component.closed ? `${d}Z` : d,
      fill: toHexColor(component.fill, weights),
      stroke: toHexColor(component.stroke, weights),
      strokeWidth: Math.max(blend(component.width, weights)[0]!, 0),
      opacity: Math.min(Math.max(blend(component.opacity, weights)[0]!, 0), 1),
    };
    if (component.clip !== undefined) shape.clip = `${paths.get(component.clip)}Z`;
    return shape;
  });
}

function parseLayers(layers: Layer[]): Component[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const components: Component[] = [];
  for (const layer of layers) {
    const model = layer.like === undefined ? layer : byName.get(layer.like)!;
    const paths = keyValues(model.path!).map(([emotion, path]) => [emotion, parsePoints(path)] as [Emotion, Point[]]);
    const closed = keyValues(model.path!)[0]![1].endsWith("Z");
    for (const side of model.symmetry === "pair" ? [":left", ":right"] : [""]) {
      const clip = layer.clip === undefined ? undefined : layer.clip + side;
      components.push({
        name: layer.name + side,
        closed,
        points: toBlend(paths.map(([emotion, path]) => [emotion, applySymmetry(path, model.symmetry, side).flat()])),
        fill: toColors(layer.fill),
        stroke: toColors(layer.stroke),
        width: toBlend(keyValues(layer.width ?? 0).map(([emotion, value]) => [emotion, [value]])),
        opacity: toBlend(keyValues(layer.opacity ?? 1).map(([emotion, value]) => [emotion, [value]])),
        clip: components.some((component) => component.name === clip) ? clip : layer.clip,
      });
    }
  }
  return components;
}

/** Return the value of neutral and of each emotion that has its own. */
function keyValues<T extends string | number>(value: Keyed<T>): [Emotion, T][] {
  if (typeof value !== "object") return [["neutral", value]];
  return EMOTIONS.filter((emotion) => emotion in value).map((emotion) => [emotion, value[emotion] as T]);
}

function toBlend(values: [Emotion, number[]][]): Blend {
  const neutral = values.find(([emotion]) => emotion === "neutral")![1];
  const others = values.filter(([emotion]) => emotion !== "neutral");
  return { neutral, offsets: others.map(([emotion, row]) => [emotion, row.map((value, i) => value - neutral[i]!)]) };
}

function toColors(value: Keyed<string> | undefined): Blend | null {
  if (value === undefined || value === "none") return null;
  return toBlend(
    keyValues(value).map(([emotion, text]) => [emotion, [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16))]),
  );
}

function parsePoints(path: string): Point[] {
  const numbers = path.match(/-?\d+(\.\d+)?/g)!.map(Number);
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!]);
}

function applySymmetry(path: Point[], symmetry: Symmetry | undefined, side: string): Point[] {
  const mirrored = path.map(([px, py]): Point => [2 * CENTER_X - px, py]);
  if (symmetry === "joined") return [...path, ...mirrored.slice(0, -1).reverse()];
  return side === ":right" ? mirrored : path;
}

/** Compute the blend weight of each emotion, as the description of the format defines it. */
function blendWeights(composition: Composition): Composition {
  const max = Math.max(...EMOTIONS.map((emotion) => composition[emotion]));
  const shares = EMOTIONS.map((emotion) => {
    const ratio = composition[emotion] / max;
    return ratio ** 2 * Math.exp(description.contrast * ratio ** 4);
  });
  const sum = shares.reduce((total, share) => total + share, 0);
  const neutral = shares[EMOTIONS.indexOf("neutral")]! / sum;
  return Object.fromEntries(
    EMOTIONS.map((emotion, i) => {
      const share = shares[i]! / sum;
      const others = emotion === "neutral" ? 0 : 1 - share - neutral;
      return [emotion, share * (1 + description.boldness * others)];
    }),
  ) as Composition;
}

function blend({ neutral, offsets }: Blend, weights: Composition): number[] {
  const values = [...neutral];
  for (const [emotion, offset] of offsets) {
    const weight = weights[emotion];
    if (weight !== 0) offset.forEach((value, i) => (values[i]! += weight * value));
  }
  return values;
}

function toPathData(numbers: number[]): string {
  const texts = numbers.map((value) => String(Math.round(value * 100) / 100));
  let path = `M${texts[0]} ${texts[1]}`;
  for (let i = 2; i < texts.length; i += 6) path += `C${texts.slice(i, i + 6).join(" ")}`;
  return path;
}

function toHexColor(values: Blend | null, weights: Composition): string {
  if (values === null) return "none";
  const bytes = blend(values, weights).map((value) => Math.floor(Math.min(Math.max(value, 0), 255) + 0.5));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

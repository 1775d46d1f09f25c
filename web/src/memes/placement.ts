import { HEAD_SCALE } from "../generated/memes";
import { headBox } from "./meme";

/** A rectangle in pixels of an image. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Landmarks by name, as the service sends them if the detector has landmarks. */
export type Landmarks = Record<string, readonly number[]>;

/** The placement of a meme face: its scale, its roll in degrees clockwise, and the center of its head in pixels. */
export interface Placement {
  scale: number;
  roll: number;
  center: [number, number];
}

const [x, y, width, height] = headBox;

/** The center of the head in units of the drawing. */
export const HEAD_CENTER: readonly [number, number] = [x + width / 2, y + height / 2];

/** What the six faces cover of the drawing, in its units. */
const EXTENT: Box = { x: 10, y: -9, width: 180, height: 208 };

/** Compute the placement of a meme face over the box of a face. */
export function placeMeme(box: Box, roll: number): Placement {
  return {
    scale: HEAD_SCALE * Math.max(box.width / width, box.height / height),
    roll,
    center: [box.x + box.width / 2, box.y + box.height / 2],
  };
}

/** Return the rectangle that a placed meme face covers, with its hair. */
export function toExtent({ scale, roll, center }: Placement): Box {
  const angle = (roll * Math.PI) / 180;
  // The drawing is higher than the head: its center is above that of the head, in the direction of the roll.
  const distance = (EXTENT.y + EXTENT.height / 2 - HEAD_CENTER[1]) * scale;
  const [width, height] = [EXTENT.width * scale, EXTENT.height * scale];
  return {
    x: center[0] - distance * Math.sin(angle) - width / 2,
    y: center[1] + distance * Math.cos(angle) - height / 2,
    width,
    height,
  };
}

/** Format a placement as an SVG transform. */
export function toSvgTransform({ scale, roll, center }: Placement): string {
  return `translate(${center.join(" ")}) rotate(${roll}) scale(${scale}) translate(${-HEAD_CENTER[0]} ${-HEAD_CENTER[1]})`;
}

/** Compute the roll of a face in degrees clockwise; 0 without eye landmarks. */
export function rollFromLandmarks(landmarks: Landmarks | null | undefined): number {
  // Right and left are the person's: the right eye is on the left of the image.
  const [right, left] = [landmarks?.["right_eye"], landmarks?.["left_eye"]];
  if (right?.length !== 2 || left?.length !== 2) return 0;
  const [rightX, rightY] = right as [number, number];
  const [leftX, leftY] = left as [number, number];
  return (Math.atan2(leftY - rightY, leftX - rightX) * 180) / Math.PI;
}

import { LARGER } from "../generated/memes";
import { headBox } from "./meme";

/** A rectangle in a picture's pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a meme face's drawing goes: scaled, turned by so many degrees clockwise, its head's middle on that point. */
export interface Place {
  scale: number;
  tilt: number;
  middle: [number, number];
}

const [x, y, width, height] = headBox;

/** The middle of the head, in the drawing's units. */
export const HEAD_MIDDLE: readonly [number, number] = [x + width / 2, y + height / 2];

/** Where the meme face of the face in that box goes. */
export function placeOn(box: Box, tilt: number): Place {
  return {
    scale: LARGER * Math.max(box.width / width, box.height / height),
    tilt,
    middle: [box.x + box.width / 2, box.y + box.height / 2],
  };
}

/** The place as an SVG transform. */
export function transformOf({ scale, tilt, middle }: Place): string {
  return `translate(${middle.join(" ")}) rotate(${tilt}) scale(${scale}) translate(${-HEAD_MIDDLE[0]} ${-HEAD_MIDDLE[1]})`;
}

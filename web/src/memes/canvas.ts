import type { Composition } from "../emotions/emotions";
import { memeShapes } from "./meme";
import { HEAD_MIDDLE, placeOn, type Box } from "./placing";

/** Draw a meme face over a face's box, turned by so many degrees as the face is. */
export function drawMeme(
  context: OffscreenCanvasRenderingContext2D,
  composition: Composition,
  box: Box,
  tilt: number,
): void {
  const { scale, middle } = placeOn(box, tilt);
  context.save();
  context.translate(...middle);
  context.rotate((tilt * Math.PI) / 180);
  context.scale(scale, scale);
  context.translate(-HEAD_MIDDLE[0], -HEAD_MIDDLE[1]);
  context.lineCap = context.lineJoin = "round";
  for (const shape of memeShapes(composition)) {
    if (shape.opacity === 0) continue;
    context.save();
    if (shape.clip !== undefined) context.clip(new Path2D(shape.clip));
    const path = new Path2D(shape.d);
    context.globalAlpha = shape.opacity;
    if (shape.fill !== "none") {
      context.fillStyle = shape.fill;
      context.fill(path);
    }
    if (shape.stroke !== "none" && shape.strokeWidth > 0) {
      context.strokeStyle = shape.stroke;
      context.lineWidth = shape.strokeWidth;
      context.stroke(path);
    }
    context.restore();
  }
  context.restore();
}

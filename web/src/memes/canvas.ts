import type { Composition } from "../emotions/emotions";
import { memeShapes } from "./meme";
import { HEAD_CENTER, placeMeme, type Box } from "./placement";

/** Draw a meme face over the box of a face; `roll` is in degrees clockwise. */
export function drawMeme(
  context: OffscreenCanvasRenderingContext2D,
  composition: Composition,
  box: Box,
  roll: number,
): void {
  const { scale, center } = placeMeme(box, roll);
  context.save();
  context.translate(...center);
  context.rotate((roll * Math.PI) / 180);
  context.scale(scale, scale);
  context.translate(-HEAD_CENTER[0], -HEAD_CENTER[1]);
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

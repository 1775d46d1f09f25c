import type { Composition } from "../emotions/emotions";
import { memeShapes, VIEW_BOX } from "./meme";

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Draw a meme face over a face's box, turned as the face is. */
export function drawMeme(
  context: OffscreenCanvasRenderingContext2D,
  composition: Composition,
  box: Place,
  { reach, tilt }: { reach: number; tilt: number },
): void {
  const [left, top, width, height] = VIEW_BOX;
  const side = Math.max(box.width, box.height) * (1 + 2 * reach);
  context.save();
  context.translate(box.x + box.width / 2, box.y + box.height / 2);
  context.rotate((tilt * Math.PI) / 180);
  context.scale(side / width, side / height);
  context.translate(-left - width / 2, -top - height / 2);
  context.lineCap = context.lineJoin = "round";
  for (const shape of memeShapes(composition)) {
    context.save();
    if (shape.clip) context.clip(new Path2D(shape.clip));
    const path = new Path2D(shape.d);
    context.globalAlpha = shape.opacity ?? 1;
    if (shape.fill && shape.fill !== "none") {
      context.fillStyle = shape.fill;
      context.fill(path);
    }
    if (shape.stroke && shape.stroke !== "none") {
      context.strokeStyle = shape.stroke;
      context.lineWidth = shape.strokeWidth ?? 1;
      context.stroke(path);
    }
    context.restore();
  }
  context.restore();
}

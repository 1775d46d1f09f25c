import { colorOf, compositionOf } from "../emotions/emotions";
import { inWords, mayBeNoFace, percentOf } from "../emotions/words";
import { drawMeme } from "../memes/canvas";
import type { Box } from "../memes/placing";
import { tiltOf } from "../memes/tilt";
import type { Picture } from "./picture.svelte";

/** The picture as a JPEG with what is over it on the page: boxes with words, or meme faces. */
export async function annotated(picture: Picture, memes: boolean): Promise<Blob> {
  const { shown, answer } = picture;
  if (!shown || !answer) throw new Error("the picture has not been read");
  const image = new Image();
  image.src = shown;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no canvas to draw on");
  context.drawImage(image, 0, 0);
  // What is shown may be smaller than what was read.
  const scale = canvas.width / answer.width;
  for (const face of answer.faces) {
    const composition = compositionOf(face.prediction);
    const [x, y] = face.location_xy;
    const box = { x: x * scale, y: y * scale, width: face.width * scale, height: face.height * scale };
    if (memes && !mayBeNoFace(face.face_likeness)) drawMeme(context, composition, box, tiltOf(face.landmarks));
    else {
      const { top, headline } = inWords(composition);
      drawBox(context, box, colorOf[top], `${headline}, ${percentOf(composition[top])}`);
    }
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

function drawBox(context: OffscreenCanvasRenderingContext2D, box: Box, color: string, words: string): void {
  const thick = Math.max(2, Math.min(context.canvas.width, context.canvas.height) / 200);
  context.lineJoin = "round";
  for (const [width, style] of [
    [thick * 2, "rgb(0 0 0 / 55%)"],
    [thick, color],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  const size = thick * 7;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const wide = context.measureText(words).width + size;
  const high = size * 1.5;
  const left = Math.max(0, Math.min(box.x, context.canvas.width - wide));
  const above = box.y - high - thick;
  const top = above >= 0 ? above : Math.min(box.y + box.height + thick, context.canvas.height - high);
  context.fillStyle = "#16181d";
  context.beginPath();
  context.roundRect(left, top, wide, high, high / 3);
  context.fill();
  context.fillStyle = color;
  context.fillRect(left, top + high * 0.25, thick, high * 0.5);
  context.fillStyle = "#ffffff";
  context.fillText(words, left + size / 2, top + high / 2);
}

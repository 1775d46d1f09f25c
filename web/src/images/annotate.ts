import { EMOTION_COLORS, toComposition } from "../emotions/emotions";
import { describeComposition, formatPercent, isDoubtfulFace } from "../emotions/text";
import { drawMeme } from "../memes/canvas";
import { rollFromLandmarks, type Box } from "../memes/placement";
import type { ImageItem } from "./imageItem.svelte";

/** Return the image as a JPEG, annotated as on the page: with labeled boxes or with meme faces. */
export async function annotateImage(item: ImageItem, memes: boolean): Promise<Blob> {
  const { previewUrl, response } = item;
  if (!previewUrl || !response) throw new Error("the image must be analyzed before it is annotated");
  const image = new Image();
  image.src = previewUrl;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser does not support drawing on a canvas");
  context.drawImage(image, 0, 0);
  // The preview may be smaller than the analyzed image.
  const scale = canvas.width / response.width;
  for (const face of response.faces) {
    const composition = toComposition(face.prediction);
    const [x, y] = face.location_xy;
    const box = { x: x * scale, y: y * scale, width: face.width * scale, height: face.height * scale };
    if (memes && !isDoubtfulFace(face.face_likeness)) {
      drawMeme(context, composition, box, rollFromLandmarks(face.landmarks));
    } else {
      const { top, headline } = describeComposition(composition);
      drawBox(context, box, EMOTION_COLORS[top], `${headline}, ${formatPercent(composition[top])}`);
    }
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

function drawBox(context: OffscreenCanvasRenderingContext2D, box: Box, color: string, label: string): void {
  const lineWidth = Math.max(2, Math.min(context.canvas.width, context.canvas.height) / 200);
  context.lineJoin = "round";
  for (const [width, style] of [
    [lineWidth * 2, "rgb(0 0 0 / 55%)"],
    [lineWidth, color],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  const fontSize = lineWidth * 7;
  context.font = `600 ${fontSize}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const labelWidth = context.measureText(label).width + fontSize;
  const labelHeight = fontSize * 1.5;
  const left = Math.max(0, Math.min(box.x, context.canvas.width - labelWidth));
  const above = box.y - labelHeight - lineWidth;
  const top = above >= 0 ? above : Math.min(box.y + box.height + lineWidth, context.canvas.height - labelHeight);
  context.fillStyle = "#16181d";
  context.beginPath();
  context.roundRect(left, top, labelWidth, labelHeight, labelHeight / 3);
  context.fill();
  context.fillStyle = color;
  context.fillRect(left, top + labelHeight * 0.25, lineWidth, labelHeight * 0.5);
  context.fillStyle = "#ffffff";
  context.fillText(label, left + fontSize / 2, top + labelHeight / 2);
}

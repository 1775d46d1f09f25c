import { drawMeme } from "../memes/canvas";
import type { Box } from "../memes/placement";
import { describeLabels } from "./faceViews";
import type { ImageItem } from "./imageItem.svelte";
import { placeLabels, type PlacedLabel } from "./labels";

/** Return the image as a JPEG, annotated as on the page: with labels at boxes or at meme faces. */
export async function annotateImage(item: ImageItem, memes: boolean): Promise<Blob> {
  const { previewUrl, response, faces } = item;
  if (!previewUrl || !response) throw new Error("the image must be analyzed before it is annotated");
  const image = new Image();
  image.src = previewUrl;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser does not support drawing on a canvas");
  context.drawImage(image, 0, 0);
  const lineWidth = Math.max(2, Math.min(canvas.width, canvas.height) / 200);
  const fontSize = lineWidth * 6;
  context.font = `600 ${fontSize}px system-ui, sans-serif`;
  // The preview may be smaller than the analyzed image.
  const scale = canvas.width / response.width;
  const labels = placeLabels(describeLabels(faces, memes, scale), {
    width: canvas.width,
    height: canvas.height,
    fontSize,
    measure: (text) => context.measureText(text).width,
  });
  for (const face of faces) {
    const { x, y, width, height } = face.box;
    const box = { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
    if (memes && !face.isDoubtful) drawMeme(context, face.composition, box, face.roll);
    else drawBox(context, box, face.color, lineWidth);
  }
  for (const [index, face] of faces.entries()) {
    if (labels[index]) drawLabel(context, labels[index], face.color, lineWidth);
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

function drawBox(context: OffscreenCanvasRenderingContext2D, box: Box, color: string, lineWidth: number): void {
  context.lineJoin = "round";
  for (const [width, style] of [
    [lineWidth * 2, "rgb(0 0 0 / 55%)"],
    [lineWidth, color],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
}

function drawLabel(
  context: OffscreenCanvasRenderingContext2D,
  label: PlacedLabel,
  color: string,
  lineWidth: number,
): void {
  context.fillStyle = "#16181d";
  context.beginPath();
  context.roundRect(label.x, label.y, label.width, label.height, label.height / 4);
  context.fill();
  context.fillStyle = color;
  context.fillRect(label.x, label.y + label.height * 0.2, lineWidth, label.height * 0.6);
  context.fillStyle = "#ffffff";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(label.text, label.x + label.width / 2, label.y + label.height / 2);
}

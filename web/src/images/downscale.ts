/** Longer side in pixels to which an image is downscaled for the service, and for the copy in the browser tab. */
const MAX_SENT_SIDE = 2560;
const MAX_COPY_SIDE = 1024;

/** Bytes that a multipart form adds to a file, rounded up. */
const FORM_OVERHEAD = 4096;

/**
 * Return the file, or a smaller JPEG of the image if the file exceeds `maxBytes`. A file that cannot be decoded here is
 * returned as is, so that the service reports the error.
 */
export async function downscaleToFit(file: Blob, maxBytes: number): Promise<Blob> {
  if (file.size <= maxBytes - FORM_OVERHEAD) return file;
  const jpeg = await convertToJpeg(file);
  return jpeg && jpeg.size < file.size ? jpeg : file;
}

/** Return an image as a JPEG of at most 2560 pixels a side; undefined if the browser cannot decode it. */
export async function convertToJpeg(file: Blob): Promise<Blob | undefined> {
  try {
    // Decodes outside of the main thread, unlike an image element that is drawn.
    const bitmap = await createImageBitmap(file);
    const jpeg = await encode(bitmap, bitmap, MAX_SENT_SIDE, 0.9);
    bitmap.close();
    return jpeg;
  } catch {
    return undefined;
  }
}

/** Return a small copy of an image, a file or a data URL, as a data URL; undefined if the browser cannot make one. */
export async function makeCopy(image: Blob | string): Promise<string | undefined> {
  try {
    const bitmap = await (image instanceof Blob ? createImageBitmap(image) : decodeUrl(image));
    const size = { width: bitmap.width, height: bitmap.height };
    const copy = await encode(bitmap, size, MAX_COPY_SIDE, 0.8);
    if (bitmap instanceof ImageBitmap) bitmap.close();
    return await readDataUrl(copy);
  } catch {
    return undefined;
  }
}

async function decodeUrl(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function encode(
  image: CanvasImageSource,
  size: { width: number; height: number },
  maxSide: number,
  quality: number,
): Promise<Blob> {
  const scale = Math.min(1, maxSide / Math.max(size.width, size.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(size.width * scale)),
    Math.max(1, Math.round(size.height * scale)),
  );
  const context = canvas.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  context?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}

function readDataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the image cannot be read"));
    reader.readAsDataURL(blob);
  });
}

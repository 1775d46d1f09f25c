/** Longer side in pixels to which an image is downscaled. */
const MAX_SIDE = 2560;

/** Bytes that a multipart form adds to a file, rounded up. */
const FORM_OVERHEAD = 4096;

/**
 * Return the file, or a smaller JPEG of the image if the file exceeds `maxBytes`. A file that cannot be decoded here is
 * returned as is, so that the service reports the error.
 */
export async function downscaleToFit(file: Blob, maxBytes: number): Promise<Blob> {
  if (file.size <= maxBytes - FORM_OVERHEAD) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
    return jpeg.size < file.size ? jpeg : file;
  } catch {
    return file;
  }
}

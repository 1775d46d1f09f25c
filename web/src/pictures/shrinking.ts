/** Longer side in pixels of what a picture that is too large is made into. */
const SIDE = 2560;

/** Room for what a form adds to a file. */
const AROUND = 4096;

/**
 * The file itself, or where it has more bytes than the service takes, a smaller JPEG of the same picture. What cannot
 * be made smaller here is sent as it is: the service says what is wrong with it.
 */
export async function smaller(file: Blob, most: number): Promise<Blob> {
  if (file.size <= most - AROUND) return file;
  try {
    const whole = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(whole.width, whole.height));
    const canvas = new OffscreenCanvas(Math.round(whole.width * scale), Math.round(whole.height * scale));
    canvas.getContext("2d")?.drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    const made = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
    return made.size < file.size ? made : file;
  } catch {
    return file;
  }
}

/** What a file that was chosen, dropped or pasted holds, as far as its first bytes and its media type reveal. */
export type FileKind = "image" | "heic" | "video" | "audio" | "pdf" | "empty" | "folder" | "other" | "unknown";

const HEAD_BYTES = 64;

/** Patterns of the first bytes, one character for each byte; images as in src/mememoji/image_formats.py. */
const SIGNATURES: readonly (readonly [FileKind, RegExp])[] = [
  ["image", /^(\xff\xd8\xff|\x89PNG|GIF8[79]a|BM|II[*+]\0|MM\0[*+]|RIFF.{4}WEBP|P[1-6][\s#])/s],
  ["image", /^.{4}ftyp(avi[fs]|mif1.{4}(.{4})*?avif)/s],
  ["heic", /^.{4}ftyp(he[iv]|mif[12]|msf1)/s],
  ["audio", /^(ID3|fLaC|OggS|RIFF.{4}WAVE|.{4}ftypM4A)/s],
  ["video", /^(.{4}(ftyp|moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF.{4}AVI |\0\0\x01[\xb3\xba])/s],
  ["pdf", /^%PDF/],
];

/** Determine the kind of a file; content counts more than the media type, which browsers derive from the name. */
export async function readFileKind(file: File): Promise<FileKind> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch {
    // Browsers pass a folder as a file that cannot be read.
    return "folder";
  }
  if (bytes.length === 0) return "empty";
  const head = String.fromCharCode(...bytes);
  const signature = SIGNATURES.find(([, pattern]) => pattern.test(head));
  if (signature) return signature[0];
  const type = file.type.split("/")[0];
  if (type === "video" || type === "audio") return type;
  // A file of unknown type, or an image in a format that is unknown here, is left to the service.
  return file.type === "" || type === "image" ? "unknown" : "other";
}

/** What the service reads, for the kinds of files that it does not. */
export const FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF are supported.";

/** Explain why a file is not added, as what follows its name, with what would work. */
export function explainRejection(kind: FileKind): string {
  if (kind === "video") return "is a video. Analyze it on the command line:";
  if (kind === "heic") return "is a HEIC image, which this browser cannot decode. Convert it to JPEG.";
  if (kind === "audio") return "is an audio file.";
  if (kind === "pdf") return "is a PDF document. Save its pages as images.";
  if (kind === "empty") return "is empty: it has no bytes.";
  if (kind === "folder") return "is a folder. Add the images that are in it.";
  return "is not a readable image.";
}

/** Return the command that analyzes a video. */
export function formatVideoCommand(name: string): string {
  return `mememoji video ${/^[\p{L}\p{N}._-]+$/u.test(name) ? name : `"${name}"`}`;
}

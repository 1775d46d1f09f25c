/** Download a blob as a file. */
export function downloadBlob(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Browsers hold the content by the next task; Safari needs a little longer.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Return a file name without its extension, with the characters that all file systems allow. */
export function toFileStem(name: string): string {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, "").replace(/[^\p{L}\p{N}._ -]+/gu, "_") || "image";
}

/** Have the browser save this under that name. */
export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has taken hold of the content by the time the next task runs; Safari a little later.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file's name without its last suffix, fit for any file system. */
export function stemOf(name: string): string {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, "").replace(/[^\p{L}\p{N}._ -]+/gu, "_") || "picture";
}

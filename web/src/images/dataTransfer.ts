/** The images of a drop or paste: files, or a URL. */
export interface TransferredImages {
  files: File[];
  url: string | undefined;
}

/** Read the files or the URL of a drop or paste; both are empty if it holds neither. */
export function readDataTransfer(data: DataTransfer | null): TransferredImages {
  const files = [...(data?.files ?? [])];
  const text = (data?.getData("text/uri-list") || data?.getData("text/plain") || "").trim();
  return { files, url: files.length === 0 && isHttpUrl(text) ? text : undefined };
}

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
}

/** Return the last path segment of a URL, or its host, as a display name. */
export function nameFromUrl(url: string): string {
  const segment = new URL(url).pathname.split("/").pop();
  return segment ? decodeURI(segment).slice(0, 60) : new URL(url).host;
}

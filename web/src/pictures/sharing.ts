/** What a drop or a paste holds, if it is for us: files, or the text of an address. */
export interface Shared {
  files: File[];
  address: string | undefined;
}

export function sharedBy(data: DataTransfer | null): Shared {
  const files = [...(data?.files ?? [])];
  const text = (data?.getData("text/uri-list") || data?.getData("text/plain") || "").trim();
  return { files, address: files.length === 0 && isAddress(text) ? text : undefined };
}

export function isAddress(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
}

/** The last part of an address, as a name for what lies there. */
export function nameOf(address: string): string {
  const last = new URL(address).pathname.split("/").pop();
  return last ? decodeURI(last).slice(0, 60) : new URL(address).host;
}

import type { PredictResponse } from "../api/client";

const INDEX_KEY = "mememoji-images";
const ENTRY_PREFIX = "mememoji-image-";

/** Browsers allow about five million characters for everything that a page keeps in a tab. */
const MAX_CHARACTERS = 3_000_000;

/** What a browser tab keeps of an image, so that the page shows it again after a reload. */
export interface SessionEntry {
  imageId: string;
  name: string;
  /** A small copy of the image as a data URL; dropped when the space is needed for later images. */
  preview?: string;
  /** The response, only if the service does not store it. */
  response?: PredictResponse;
}

/** The images of a browser tab in `sessionStorage`, which the browser clears when the tab is closed. */
export class SessionImages {
  readonly #storage: Storage;
  readonly #maxCharacters: number;

  constructor(storage: Storage, maxCharacters = MAX_CHARACTERS) {
    this.#storage = storage;
    this.#maxCharacters = maxCharacters;
  }

  /** Return the entries in the order of the gallery. */
  read(): SessionEntry[] {
    return this.#readIds()
      .map((imageId) => this.#parse<SessionEntry>(ENTRY_PREFIX + imageId))
      .filter((entry) => entry !== undefined);
  }

  has(imageId: string): boolean {
    return this.#storage.getItem(ENTRY_PREFIX + imageId) !== null;
  }

  /** Keep an image. `order` has the identifiers of the gallery; if space is short, the first ones lose their copies. */
  save(entry: SessionEntry, order: readonly string[]): void {
    const kept = new Set([...this.#readIds(), entry.imageId]);
    const ids = [...new Set([...order, ...kept])].filter((imageId) => kept.has(imageId));
    this.#set(INDEX_KEY, JSON.stringify(ids));
    const text = JSON.stringify(entry);
    const earlier = ids.filter((imageId) => imageId !== entry.imageId);
    while (this.#countCharacters(ids, entry.imageId) + text.length > this.#maxCharacters) {
      if (!this.#dropPreview(earlier)) break;
    }
    while (!this.#set(ENTRY_PREFIX + entry.imageId, text)) {
      if (!this.#dropPreview(earlier)) break;
    }
  }

  /** Keep nothing of an image any longer. */
  remove(imageId: string): void {
    this.#storage.removeItem(ENTRY_PREFIX + imageId);
    this.#set(INDEX_KEY, JSON.stringify(this.#readIds().filter((other) => other !== imageId)));
  }

  /** Drop the copy of the first image that has one; return false if none has. */
  #dropPreview(ids: readonly string[]): boolean {
    for (const imageId of ids) {
      const entry = this.#parse<SessionEntry>(ENTRY_PREFIX + imageId);
      if (entry?.preview === undefined) continue;
      delete entry.preview;
      return this.#set(ENTRY_PREFIX + imageId, JSON.stringify(entry));
    }
    return false;
  }

  #countCharacters(ids: readonly string[], except: string): number {
    return ids
      .filter((imageId) => imageId !== except)
      .reduce((sum, imageId) => sum + (this.#storage.getItem(ENTRY_PREFIX + imageId)?.length ?? 0), 0);
  }

  #readIds(): string[] {
    return this.#parse<string[]>(INDEX_KEY) ?? [];
  }

  #parse<T>(key: string): T | undefined {
    const text = this.#storage.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  }

  /** Return false if the browser refuses, because the space is used up or storage is disabled. */
  #set(key: string, text: string): boolean {
    try {
      this.#storage.setItem(key, text);
      return true;
    } catch {
      return false;
    }
  }
}

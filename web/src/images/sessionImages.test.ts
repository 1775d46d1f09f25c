import { describe, expect, it } from "vitest";
import { SessionImages } from "./sessionImages";

/** A `Storage` that refuses more than a number of characters, as browsers do. */
class LimitedStorage implements Storage {
  readonly #items = new Map<string, string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.size;
  }

  clear(): void {
    this.#items.clear();
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }

  setItem(key: string, value: string): void {
    const others = [...this.#items].filter(([other]) => other !== key);
    if (others.reduce((sum, [, text]) => sum + text.length, value.length) > this.#limit) {
      throw new DOMException("full", "QuotaExceededError");
    }
    this.#items.set(key, value);
  }
}

const copy = `data:image/jpeg;base64,${"x".repeat(1000)}`;

describe("SessionImages", () => {
  it("returns the images in the order of the gallery", () => {
    const session = new SessionImages(new LimitedStorage(10_000));
    expect(session.read()).toEqual([]);
    session.save({ imageId: "b", name: "second.jpg" }, ["a", "b"]);
    session.save({ imageId: "a", name: "first.jpg", preview: copy }, ["a", "b"]);
    expect(session.read().map((entry) => entry.name)).toEqual(["first.jpg", "second.jpg"]);
    session.remove("a");
    expect(session.read()).toEqual([{ imageId: "b", name: "second.jpg" }]);
  });

  it.each([
    ["its own limit", 100_000, 4000],
    ["the browser's limit", 4000, 100_000],
  ])("drops the copies of the first images at %s", (_, storageLimit, maxCharacters) => {
    const storage = new LimitedStorage(storageLimit);
    const session = new SessionImages(storage, maxCharacters);
    const ids = Array.from({ length: 10 }, (_, index) => `image${index}`);
    for (const imageId of ids) session.save({ imageId, name: imageId, preview: copy }, ids);
    const entries = session.read();
    expect(entries.map((entry) => entry.imageId)).toEqual(ids);
    expect(entries.map((entry) => entry.preview !== undefined)).toEqual([
      ...Array<boolean>(7).fill(false),
      true,
      true,
      true,
    ]);
  });

  it("keeps nothing where the browser stores nothing", () => {
    const session = new SessionImages(new LimitedStorage(0));
    session.save({ imageId: "a", name: "first.jpg", preview: copy }, ["a"]);
    expect(session.read()).toEqual([]);
  });
});

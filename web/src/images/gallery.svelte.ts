import { fetchPolicy, type ImageSource, type Policy } from "../api/client";
import { AppError } from "../api/errors";
import { formatCount } from "../emotions/text";
import { shell } from "../shell/shell.svelte";
import { ImageItem } from "./imageItem.svelte";

/** Number of concurrent requests; the default number of images that the service analyzes at once. */
const MAX_CONCURRENT = 2;
const DEFAULT_MAX_BYTES = 20 * 2 ** 20;

/** The images of this visit, in the order in which they were added. */
class Gallery {
  items: ImageItem[] = $state.raw([]);
  selected: ImageItem | undefined = $state.raw();
  /** The limits and the retention policy of the service; undefined until they are fetched. */
  policy: Policy | undefined = $state.raw();
  /** Whether meme faces are drawn over the faces. */
  memes = $state(false);

  #numRunning = 0;

  async loadPolicy(): Promise<void> {
    try {
      this.policy ??= await fetchPolicy();
    } catch (error) {
      // The request that the user makes next reports the same error.
      if (!(error instanceof AppError)) throw error;
    }
  }

  addFiles(files: Iterable<File>): void {
    const images = [...files].filter(isImage);
    if (images.length === 0) {
      shell.notify("Not an image.");
      return;
    }
    this.#add(images.map((file) => new ImageItem(file.name || "Pasted image", { file })));
  }

  addImage(name: string, source: ImageSource): void {
    this.#add([new ImageItem(name, source)]);
  }

  retry(item: ImageItem): void {
    item.state = "queued";
    this.#startQueued();
  }

  /** Delete an image from the service, then remove it from the page; throws an `AppError` if deleting fails. */
  async delete(item: ImageItem): Promise<void> {
    await item.delete();
    const index = this.items.indexOf(item);
    this.items = this.items.filter((other) => other !== item);
    if (this.selected === item) this.selected = this.items[Math.min(index, this.items.length - 1)];
    item.releasePreview();
    shell.notify(item.response?.stored ? "Image deleted." : "Image removed from this page.");
  }

  #add(added: ImageItem[]): void {
    this.items = [...this.items, ...added];
    this.selected = added[0];
    shell.navigate("images");
    void this.loadPolicy();
    this.#startQueued();
  }

  #startQueued(): void {
    while (this.#numRunning < MAX_CONCURRENT) {
      const next = this.items.find((item) => item.state === "queued");
      if (!next) return;
      this.#numRunning += 1;
      void next.analyze(this.policy?.max_body_bytes ?? DEFAULT_MAX_BYTES).then(() => {
        this.#numRunning -= 1;
        this.#announce(next);
        this.#startQueued();
      });
    }
  }

  #announce(item: ImageItem): void {
    if (item !== this.selected) return;
    shell.announce(
      item.state === "failed"
        ? `${item.name} could not be analyzed. ${item.error?.message ?? ""}`
        : `${item.name}: ${formatCount(item.faces.length, "face")}.`,
    );
  }
}

/** Whether a file may be an image; files of unknown type are left to the service. */
function isImage(file: File): boolean {
  return file.type === "" || file.type.startsWith("image/");
}

export const gallery = new Gallery();

import { fetchPolicy, type ImageSource, type Policy } from "../api/client";
import { ApiError, AppError, isTemporary } from "../api/errors";
import { formatCount } from "../emotions/text";
import { shell } from "../shell/shell.svelte";
import { nameFromUrl } from "./dataTransfer";
import { convertToJpeg, makeCopy } from "./downscale";
import { explainRejection, formatVideoCommand, readFileKind, type FileKind } from "./fileKind";
import { ImageItem } from "./imageItem.svelte";
import { SessionImages } from "./sessionImages";
import { UrlField } from "./urlField.svelte";

/** Number of concurrent requests; the default number of images that the service analyzes at once. */
const MAX_CONCURRENT = 2;
const DEFAULT_MAX_BYTES = 20 * 2 ** 20;

/** A file or a result that is not in the gallery, and why. */
export interface Rejection {
  name: string;
  /** What follows the name: "is a video. …". */
  reason: string;
  /** The kind of a file that cannot be analyzed. */
  kind?: FileKind;
  /** The command that analyzes the file. */
  command?: string;
  /** The image, if trying again may help. */
  item?: ImageItem;
}

/** The images of this browser tab, in the order in which they were added. */
class Gallery {
  items: ImageItem[] = $state.raw([]);
  selected: ImageItem | undefined = $state.raw();
  /** What could not be added since the user last added something. */
  rejections: Rejection[] = $state.raw([]);
  readonly urlField = new UrlField();
  /** The image whose result gets the focus once it is there. */
  focused: ImageItem | undefined = $state.raw();
  /** The limits and the retention policy of the service; undefined until they are fetched. */
  policy: Policy | undefined = $state.raw();
  /** Whether meme faces are drawn over the faces. */
  memes = $state(false);

  readonly #session = new SessionImages(sessionStorage);
  #numRunning = 0;

  async loadPolicy(): Promise<void> {
    try {
      this.policy ??= await fetchPolicy();
    } catch (error) {
      // The request that the user makes next reports the same error.
      if (!(error instanceof AppError)) throw error;
    }
  }

  /** Show the images of this tab again, as far as the service still stores their results, and select one. */
  restore(imageId: string | undefined): void {
    this.items = this.#session.read().map(({ imageId, name, preview, response }) => {
      const item = new ImageItem(name, { imageId }, preview);
      if (response) item.setResponse(response);
      return item;
    });
    this.selected = this.items.at(-1);
    if (imageId === undefined) this.#startQueued();
    else this.show(imageId);
  }

  /** Select the image of an identifier; one that is not in the gallery is fetched from the service. */
  show(imageId: string): void {
    let item = this.items.find((other) => other.imageId === imageId);
    if (!item) {
      item = new ImageItem("", { imageId });
      this.items = [...this.items, item];
    }
    this.selected = item;
    this.#startQueued();
  }

  async addFiles(files: Iterable<File>): Promise<void> {
    shell.navigate("images");
    this.rejections = [];
    const added: ImageItem[] = [];
    const rejections: Rejection[] = [];
    for (const file of files) {
      const name = file.name || "Pasted image";
      const kind = await readFileKind(file);
      // Some browsers decode HEIC; the service does so only with an extra.
      const image = kind === "image" || kind === "unknown" ? file : kind === "heic" && (await convertToJpeg(file));
      if (image) added.push(new ImageItem(name, { file: image }));
      else rejections.push(rejectFile(name, kind));
    }
    if (added.length > 0) this.#add(added);
    this.#reject(...rejections);
  }

  addImage(name: string, source: ImageSource): void {
    shell.navigate("images");
    this.rejections = [];
    this.#add([new ImageItem(name, source)]);
  }

  /** Add the image of a URL, by default the one in the field. If it fails, the URL stays in the field. */
  async addUrl(text = this.urlField.text): Promise<void> {
    const field = this.urlField;
    if (field.isPending) return;
    if (this.policy?.fetches_urls === false) {
      shell.notify("This service does not fetch URLs. Save the image and add the file.");
      return;
    }
    field.text = text;
    const url = field.validate();
    if (url === undefined) return;
    shell.navigate("images");
    shell.announce("Analyzing the image of the URL.");
    field.isPending = true;
    const item = new ImageItem(nameFromUrl(url), { url });
    await item.run(this.#maxBytes);
    field.isPending = false;
    if (item.state === "failed") {
      field.error = item.error?.message ?? "";
      return;
    }
    field.text = "";
    this.rejections = [];
    this.#add([item]);
    await this.#finish(item);
  }

  retry(item: ImageItem): void {
    this.rejections = this.rejections.filter((rejection) => rejection.item !== item);
    if (!this.items.includes(item)) this.items = [...this.items, item];
    item.state = "queued";
    this.selected = this.focused = item;
    this.#startQueued();
  }

  /** Delete an image from the service, then remove it from the page; throws an `AppError` if deleting fails. */
  async delete(item: ImageItem): Promise<void> {
    await item.delete();
    this.#remove(item);
    this.focused = this.selected;
    shell.notify(item.response?.stored ? "Image deleted." : "Image removed from this page.");
  }

  #add(added: ImageItem[]): void {
    this.items = [...this.items, ...added];
    this.selected = this.focused = added[0];
    scrollTo(0, 0);
    void this.loadPolicy();
    this.#startQueued();
  }

  #remove(item: ImageItem): void {
    const index = this.items.indexOf(item);
    this.items = this.items.filter((other) => other !== item);
    if (this.selected === item) this.selected = this.items[Math.min(index, this.items.length - 1)];
    if (this.focused === item) this.focused = this.selected;
    if (item.imageId) this.#session.remove(item.imageId);
    item.releasePreview();
  }

  #reject(...rejections: Rejection[]): void {
    if (rejections.length === 0) return;
    this.rejections = [...this.rejections, ...rejections];
    shell.announce(
      this.rejections.map(({ name, reason, command = "" }) => `${name} ${reason} ${command}`.trim()).join(" "),
    );
  }

  get #maxBytes(): number {
    return this.policy?.max_body_bytes ?? DEFAULT_MAX_BYTES;
  }

  #startQueued(): void {
    while (this.#numRunning < MAX_CONCURRENT) {
      const queued = this.items.filter((item) => item.state === "queued");
      const next = queued.find((item) => item === this.selected) ?? queued[0];
      if (!next) return;
      this.#numRunning += 1;
      void next
        .run(this.#maxBytes)
        .then(() => this.#finish(next))
        .finally(() => {
          this.#numRunning -= 1;
          this.#startQueued();
        });
    }
  }

  async #finish(item: ImageItem): Promise<void> {
    if (!this.items.includes(item)) return;
    if (item.state === "failed") {
      this.#handleFailure(item);
      return;
    }
    if (item === this.selected) shell.announce(`${item.name}: ${formatCount(item.faces.length, "face")}.`);
    await this.#keep(item);
  }

  #handleFailure(item: ImageItem): void {
    const message = item.error?.message ?? "";
    if ("imageId" in item.origin && item.error instanceof ApiError && item.error.status === 404) {
      this.#remove(item);
      const reason = "is not stored by this service: it has expired, or it was deleted.";
      this.#reject({ name: item.name || "The image of this address", reason });
    } else if (!item.previewUrl && !("imageId" in item.origin)) {
      // There is nothing to show of the file but its name.
      this.#remove(item);
      const reason = `could not be analyzed. ${message}`;
      this.#reject(
        item.isUnreadable
          ? rejectFile(item.name, "unknown")
          : { name: item.name, reason, ...(isTemporary(item.error) && { item }) },
      );
    } else if (item === this.selected) {
      shell.announce(`${item.name || "The image"} could not be analyzed. ${message}`);
    }
  }

  /** Keep a small copy of the image in the tab, for a reload. */
  async #keep({ imageId, name, origin, previewUrl, response }: ImageItem): Promise<void> {
    if (!imageId || !response || this.#session.has(imageId)) return;
    const preview =
      previewUrl && (await makeCopy("file" in origin && previewUrl.startsWith("blob:") ? origin.file : previewUrl));
    const order = this.items.map((item) => item.imageId).filter((id) => id !== undefined);
    if (!order.includes(imageId)) return;
    this.#session.save({ imageId, name, ...(preview && { preview }), ...(!response.stored && { response }) }, order);
  }
}

function rejectFile(name: string, kind: FileKind): Rejection {
  const reason = explainRejection(kind);
  return { name, kind, reason, ...(kind === "video" && { command: formatVideoCommand(name) }) };
}

export const gallery = new Gallery();

import {
  deleteImage,
  fetchImage,
  predict,
  type ImageSource,
  type PredictResponse,
  type StoredImage,
} from "../api/client";
import { ApiError, AppError, toAppError } from "../api/errors";
import type { Emotion } from "../emotions/emotions";
import { downscaleToFit } from "./downscale";
import { describeFaces, findLargestFace, type FaceView } from "./faceViews";

let numCreated = 0;

/** Where an image comes from: a file, a URL that the service fetches, or a result that the service stores. */
export type ImageOrigin = ImageSource | { imageId: string };

/** The state of the feedback on a face. */
export type FeedbackState =
  | { state: "none" }
  | { state: "sending" | "sent" | "deleting"; emotion: Emotion }
  | { state: "failed"; error: AppError; retry: () => void };

/** An image of the gallery with the response of the service. */
export class ImageItem {
  readonly id = (numCreated += 1);
  readonly origin: ImageOrigin;
  name: string = $state("");
  /** The URL of the image on the page; undefined while only the service has the image, or if nobody has it. */
  previewUrl: string | undefined = $state.raw();
  state: "queued" | "running" | "done" | "failed" = $state("queued");
  error: AppError | undefined = $state.raw();
  /** Whether neither the browser nor the service can decode the file. */
  isUnreadable = false;
  response: PredictResponse | undefined = $state.raw();
  /** The faces in reading order; empty until there is a response. */
  readonly faces: FaceView[] = $derived(this.response ? describeFaces(this.response) : []);
  /** The index of the selected face. */
  selectedIndex = $state(0);
  /** Feedback by face index. */
  feedback: Record<number, FeedbackState> = $state({});

  readonly #hasPreview: Promise<boolean>;

  constructor(name: string, origin: ImageOrigin, previewUrl?: string) {
    this.name = name;
    this.origin = origin;
    this.previewUrl = previewUrl;
    this.#hasPreview = "file" in origin ? this.#previewFile(origin.file) : Promise.resolve(previewUrl !== undefined);
  }

  /** The identifier of the result; undefined until there is one. */
  get imageId(): string | undefined {
    return this.response?.pic_id ?? ("imageId" in this.origin ? this.origin.imageId : undefined);
  }

  get selectedFace(): FaceView | undefined {
    return this.faces[this.selectedIndex];
  }

  /** The state or the number of faces, in a few words. */
  get summary(): string {
    if (this.state === "queued") return "queued";
    if (this.state === "running") return "being analyzed";
    if (this.state === "failed") return "could not be analyzed";
    return `${this.faces.length} ${this.faces.length === 1 ? "face" : "faces"}`;
  }

  /** Analyze the image, or fetch its stored result. Errors are not thrown: they are in `state` and `error`. */
  async run(maxBytes: number): Promise<void> {
    this.state = "running";
    this.error = undefined;
    try {
      await ("imageId" in this.origin ? this.#fetch(this.origin.imageId) : this.#analyze(this.origin, maxBytes));
      this.state = "done";
    } catch (error) {
      this.error = toAppError(error);
      // 400: the service could not decode it either.
      const isRefused = error instanceof ApiError && error.status === 400;
      this.isUnreadable = "file" in this.origin && isRefused && !(await this.#hasPreview);
      this.state = "failed";
    }
  }

  /** Show a response, with the largest face selected. */
  setResponse(response: PredictResponse): void {
    const { preview_image: preview, ...rest } = response;
    if (preview) this.#setPreview(preview);
    this.response = rest;
    this.selectedIndex = findLargestFace(this.faces);
    this.state = "done";
  }

  /** Delete the image from the service, if it is stored. Throws an `ApiError` if that fails. */
  async delete(): Promise<void> {
    if (this.response?.stored) await deleteImage(this.response.pic_id);
  }

  /** Release the memory that the browser holds for the preview. */
  releasePreview(): void {
    if (this.previewUrl?.startsWith("blob:")) URL.revokeObjectURL(this.previewUrl);
  }

  async #analyze(source: ImageSource, maxBytes: number): Promise<void> {
    const hasPreview = await this.#hasPreview;
    const sent = "file" in source ? { file: await downscaleToFit(source.file, maxBytes) } : source;
    this.setResponse(await predict(sent, !hasPreview));
  }

  async #fetch(imageId: string): Promise<void> {
    const stored: StoredImage = await fetchImage(imageId, !(await this.#hasPreview));
    this.name ||= `Image of ${new Date(stored.created_at).toLocaleString()}`;
    for (const face of stored.faces) {
      const emotion = face.feedback.at(-1);
      if (emotion) this.feedback[face.index] = { state: "sent", emotion };
    }
    this.setResponse(stored);
  }

  #setPreview(url: string): void {
    this.releasePreview();
    this.previewUrl = url;
  }

  /** Use the file itself as preview if the browser can decode it. */
  async #previewFile(file: Blob): Promise<boolean> {
    try {
      (await createImageBitmap(file)).close();
    } catch {
      return false;
    }
    this.#setPreview(URL.createObjectURL(file));
    return true;
  }
}

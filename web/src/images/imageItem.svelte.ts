import { deleteImage, predict, type FaceResponse, type ImageSource, type PredictResponse } from "../api/client";
import { ApiError, AppError, toAppError } from "../api/errors";
import { toComposition, type Composition, type Emotion } from "../emotions/emotions";
import { downscaleToFit } from "./downscale";

const NOT_AN_IMAGE = "This file is not a readable image. JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF are supported.";

let numCreated = 0;

/** The state of the feedback on a face. */
export type FeedbackState =
  | { state: "none" }
  | { state: "sending" | "sent" | "deleting"; emotion: Emotion }
  | { state: "failed"; error: AppError; retry: () => void };

/** An image of the gallery with the response of the service. */
export class ImageItem {
  readonly id = (numCreated += 1);
  readonly name: string;
  readonly source: ImageSource;
  /** The URL of the image on the page; undefined while only the service has the image. */
  previewUrl: string | undefined = $state.raw();
  state: "queued" | "running" | "done" | "failed" = $state("queued");
  error: AppError | undefined = $state.raw();
  response: PredictResponse | undefined = $state.raw();
  /** The index of the selected face. */
  selectedIndex = $state(0);
  /** Feedback by face index. */
  feedback: Record<number, FeedbackState> = $state({});

  readonly #hasPreview: Promise<boolean>;

  constructor(name: string, source: ImageSource) {
    this.name = name;
    this.source = source;
    this.#hasPreview = "file" in source ? this.#previewFile(source.file) : Promise.resolve(false);
  }

  get faces(): FaceResponse[] {
    return this.response?.faces ?? [];
  }

  get selectedFace(): FaceResponse | undefined {
    return this.faces[this.selectedIndex];
  }

  /** The composition of the selected face. */
  get composition(): Composition | undefined {
    return this.selectedFace && toComposition(this.selectedFace.prediction);
  }

  /** The state or the number of faces, in a few words. */
  get summary(): string {
    if (this.state === "queued") return "queued";
    if (this.state === "running") return "being analyzed";
    if (this.state === "failed") return "could not be analyzed";
    return `${this.faces.length} ${this.faces.length === 1 ? "face" : "faces"}`;
  }

  /** Analyze the image. Errors are not thrown: they are in `state` and `error`. */
  async analyze(maxBytes: number): Promise<void> {
    this.state = "running";
    this.error = undefined;
    try {
      const hasPreview = await this.#hasPreview;
      const source = "file" in this.source ? { file: await downscaleToFit(this.source.file, maxBytes) } : this.source;
      const response = await predict(source, !hasPreview);
      if (response.preview_image) this.#setPreview(response.preview_image);
      this.response = response;
      this.selectedIndex = findLargestFace(response.faces);
      this.state = "done";
    } catch (error) {
      this.error = (await this.#isUnreadable(error)) ? new ApiError(NOT_AN_IMAGE, 400) : toAppError(error);
      this.state = "failed";
    }
  }

  /** Delete the image from the service, if it is stored. Throws an `ApiError` if that fails. */
  async delete(): Promise<void> {
    if (this.response?.stored) await deleteImage(this.response.pic_id);
  }

  /** Release the memory that the browser holds for the preview. */
  releasePreview(): void {
    if (this.previewUrl?.startsWith("blob:")) URL.revokeObjectURL(this.previewUrl);
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

  /** Whether neither the browser nor the service can decode the file. */
  async #isUnreadable(error: unknown): Promise<boolean> {
    return "file" in this.source && error instanceof ApiError && error.status === 400 && !(await this.#hasPreview);
  }
}

/** Return the index of the largest face, which is selected first; 0 if there are no faces. */
function findLargestFace(faces: readonly FaceResponse[]): number {
  const largest = [...faces].sort((a, b) => b.width * b.height - a.width * a.height)[0];
  return largest?.index ?? 0;
}

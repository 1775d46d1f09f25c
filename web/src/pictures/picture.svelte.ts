import { asProblem, Problem } from "../api/problem";
import { forget, predict, type FaceAnswer, type PictureAnswer, type Source } from "../api/service";
import { compositionOf, type Composition } from "../emotions/emotions";
import { smaller } from "./shrinking";

const NO_PICTURE = "This is no picture that can be read. JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF can.";

let made = 0;

/** What somebody said of a face, and how far that has come. */
export type Said =
  | { state: "open" }
  | { state: "sending" | "given" | "taking back"; emotion: FaceAnswer["prediction"][number]["emotion"] }
  | { state: "failed"; problem: Problem; again: () => void };

/** A picture on its way through the service, and what has come back. */
export class Picture {
  readonly number = (made += 1);
  readonly name: string;
  readonly source: Source;
  /** Where a page shows it from; unset while only the service has it. */
  shown: string | undefined = $state.raw();
  state: "waiting" | "reading" | "read" | "failed" = $state("waiting");
  problem: Problem | undefined = $state.raw();
  answer: PictureAnswer | undefined = $state.raw();
  /** The index of the face that is looked at. */
  chosen = $state(0);
  /** By face. */
  said: Record<number, Said> = $state({});

  readonly #canBeShown: Promise<boolean>;

  constructor(name: string, source: Source) {
    this.name = name;
    this.source = source;
    this.#canBeShown = "file" in source ? this.#showFile(source.file) : Promise.resolve(false);
  }

  get faces(): FaceAnswer[] {
    return this.answer?.faces ?? [];
  }

  get face(): FaceAnswer | undefined {
    return this.faces[this.chosen];
  }

  /** The chosen face's composition. */
  get composition(): Composition | undefined {
    return this.face && compositionOf(this.face.prediction);
  }

  /** How the picture fares, in a word or two. */
  get summary(): string {
    if (this.state === "waiting") return "waiting";
    if (this.state === "reading") return "being read";
    if (this.state === "failed") return "could not be read";
    return `${this.faces.length} ${this.faces.length === 1 ? "face" : "faces"}`;
  }

  /** Have it read; never fails, but says so in `state` and `problem`. */
  async read(largest: number): Promise<void> {
    this.state = "reading";
    this.problem = undefined;
    try {
      const isShown = await this.#canBeShown;
      const source = "file" in this.source ? { file: await smaller(this.source.file, largest) } : this.source;
      const answer = await predict(source, !isShown);
      if (answer.preview_image) this.#show(answer.preview_image);
      this.answer = answer;
      this.chosen = largestFace(answer.faces);
      this.state = "read";
    } catch (error) {
      this.problem = (await this.#isNoPicture(error)) ? new Problem(NO_PICTURE, 400) : asProblem(error);
      this.state = "failed";
    }
  }

  /** Have the service forget it. Throws a `Problem` where that fails. */
  async forget(): Promise<void> {
    if (this.answer?.stored) await forget(this.answer.pic_id);
  }

  /** Let go of what the browser holds. */
  close(): void {
    if (this.shown?.startsWith("blob:")) URL.revokeObjectURL(this.shown);
  }

  #show(address: string): void {
    this.close();
    this.shown = address;
  }

  /** Show the file itself, if the browser can. */
  async #showFile(file: Blob): Promise<boolean> {
    try {
      (await createImageBitmap(file)).close();
    } catch {
      return false;
    }
    this.#show(URL.createObjectURL(file));
    return true;
  }

  /** Whether neither browser nor service can make anything of the file. */
  async #isNoPicture(error: unknown): Promise<boolean> {
    return "file" in this.source && error instanceof Problem && error.status === 400 && !(await this.#canBeShown);
  }
}

/** Most people mean the largest face. */
function largestFace(faces: readonly FaceAnswer[]): number {
  const largest = [...faces].sort((one, other) => other.width * other.height - one.width * one.height)[0];
  return largest?.index ?? 0;
}

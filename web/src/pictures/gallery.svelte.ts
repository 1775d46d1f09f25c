import { Problem } from "../api/problem";
import { readTerms, type Source, type Terms } from "../api/service";
import { counted } from "../emotions/words";
import { shell } from "../shell/view.svelte";
import { Picture } from "./picture.svelte";

/** Pictures read at once: as many as the service reads at once by default. */
const AT_ONCE = 2;
const ASSUMED_LARGEST = 20 * 2 ** 20;

/** The pictures of this visit, in the order in which they came. */
class Gallery {
  pictures: Picture[] = $state.raw([]);
  chosen: Picture | undefined = $state.raw();
  /** What the service takes and keeps; unset until it has said so. */
  terms: Terms | undefined = $state.raw();
  /** Whether meme faces lie over the faces. */
  memes = $state(false);

  #reading = 0;

  async learnTerms(): Promise<void> {
    try {
      this.terms ??= await readTerms();
    } catch (error) {
      // The same trouble is told where something is asked for.
      if (!(error instanceof Problem)) throw error;
    }
  }

  addFiles(files: Iterable<File>): void {
    const pictures = [...files].filter(isPicture);
    if (pictures.length === 0) {
      shell.tell("That is no picture.");
      return;
    }
    this.#add(pictures.map((file) => new Picture(file.name || "Pasted picture", { file })));
  }

  addPicture(name: string, source: Source): void {
    this.#add([new Picture(name, source)]);
  }

  again(picture: Picture): void {
    picture.state = "waiting";
    this.#readNext();
  }

  /** Take a picture off the page, after the service has forgotten it; throws a `Problem` where it has not. */
  async forget(picture: Picture): Promise<void> {
    await picture.forget();
    const place = this.pictures.indexOf(picture);
    this.pictures = this.pictures.filter((other) => other !== picture);
    if (this.chosen === picture) this.chosen = this.pictures[Math.min(place, this.pictures.length - 1)];
    picture.close();
    shell.tell(picture.answer?.stored ? "The picture is forgotten." : "The picture is gone from this page.");
  }

  #add(added: Picture[]): void {
    this.pictures = [...this.pictures, ...added];
    this.chosen = added[0];
    shell.show("pictures");
    void this.learnTerms();
    this.#readNext();
  }

  #readNext(): void {
    while (this.#reading < AT_ONCE) {
      const next = this.pictures.find((picture) => picture.state === "waiting");
      if (!next) return;
      this.#reading += 1;
      void next.read(this.terms?.max_body_bytes ?? ASSUMED_LARGEST).then(() => {
        this.#reading -= 1;
        this.#tell(next);
        this.#readNext();
      });
    }
  }

  #tell(picture: Picture): void {
    if (picture !== this.chosen) return;
    shell.say(
      picture.state === "failed"
        ? `${picture.name} could not be read. ${picture.problem?.message ?? ""}`
        : `${picture.name}: ${counted(picture.faces.length, "face")}.`,
    );
  }
}

/** Files of no known type may be pictures: the service finds out. */
function isPicture(file: File): boolean {
  return file.type === "" || file.type.startsWith("image/");
}

export const gallery = new Gallery();

import { EMOTIONS, type Composition } from "../emotions/emotions";

const VIEWS = ["images", "live", "about"] as const;
export type View = (typeof VIEWS)[number];

const NOTIFICATION_MS = 5000;

/** The part of the page's address behind `#`: a view and, in the images view, the identifier of an image. */
interface Route {
  view: View;
  imageId: string | undefined;
}

function parseHash(hash: string): Route {
  const [name, imageId] = hash.replace(/^#\/?/, "").split("/");
  const view = VIEWS.find((candidate) => candidate === name) ?? "images";
  return { view, imageId: view === "images" && imageId ? imageId : undefined };
}

function formatHash({ view, imageId }: Route): string {
  if (view !== "images") return `#/${view}`;
  return imageId === undefined ? "#/" : `#/images/${imageId}`;
}

/** The mascot's composition while no face is shown: friendly. */
const DEFAULT_MOOD = Object.fromEntries(
  EMOTIONS.map((emotion) => [emotion, emotion === "happy" ? 0.75 : emotion === "neutral" ? 0.25 : 0]),
) as Composition;

/** The state of the page around its views: the current view, the mascot and the notifications. */
class Shell {
  view: View = $state("images");
  /** The identifier of the image that the address names. */
  imageId: string | undefined = $state();
  mood: Composition = $state.raw(DEFAULT_MOOD);
  /** The latest event, for screen readers. */
  announcement = $state("");
  /** The latest event, shown for a few seconds; empty afterwards. */
  notification = $state("");

  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#readAddress();
    addEventListener("hashchange", () => this.#readAddress());
  }

  navigate(view: View): void {
    if (this.view === view) return;
    location.hash = formatHash({ view, imageId: undefined });
    this.#readAddress();
  }

  /** Have the address name an image, or none; in the history of the browser it replaces the current address. */
  nameImage(imageId: string | undefined): void {
    this.imageId = imageId;
    const hash = formatHash({ view: "images", imageId });
    if (location.hash !== hash && (location.hash !== "" || imageId !== undefined)) {
      history.replaceState(history.state, "", hash);
    }
  }

  resetMood(): void {
    this.mood = DEFAULT_MOOD;
  }

  /** Announce a text and show it for a few seconds. */
  notify(text: string): void {
    this.announce(text);
    this.notification = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.notification = ""), NOTIFICATION_MS);
  }

  /** Have screen readers read a text. */
  announce(text: string): void {
    // Screen readers repeat an identical text only if something changes.
    this.announcement = this.announcement === text ? `${text} ` : text;
  }

  #readAddress(): void {
    const { view, imageId } = parseHash(location.hash);
    this.view = view;
    this.imageId = imageId;
  }
}

export const shell = new Shell();

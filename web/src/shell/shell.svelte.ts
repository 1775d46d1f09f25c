import { EMOTIONS, type Composition } from "../emotions/emotions";

export const VIEWS = ["images", "live", "about"] as const;
export type View = (typeof VIEWS)[number];

const NOTIFICATION_MS = 5000;

function viewFromHash(hash: string): View {
  const name = hash.replace(/^#\/?/, "");
  return VIEWS.find((view) => view === name) ?? "images";
}

/** The mascot's composition while no face is shown: friendly. */
const DEFAULT_MOOD = Object.fromEntries(
  EMOTIONS.map((emotion) => [emotion, emotion === "happy" ? 0.75 : emotion === "neutral" ? 0.25 : 0]),
) as Composition;

/** The state of the page around its views: the current view, the mascot and the notifications. */
class Shell {
  view: View = $state(viewFromHash(location.hash));
  mood: Composition = $state.raw(DEFAULT_MOOD);
  /** The latest event, for screen readers. */
  announcement = $state("");
  /** The latest event, shown for a few seconds; empty afterwards. */
  notification = $state("");

  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener("hashchange", () => {
      this.view = viewFromHash(location.hash);
    });
  }

  navigate(view: View): void {
    location.hash = view === "images" ? "" : view;
    this.view = view;
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
}

export const shell = new Shell();

import { EMOTIONS, type Composition } from "../emotions/emotions";

export const VIEWS = ["pictures", "live", "about"] as const;
export type View = (typeof VIEWS)[number];

function named(hash: string): View {
  const name = hash.replace(/^#\/?/, "");
  return VIEWS.find((view) => view === name) ?? "pictures";
}

/** Friendly, while nothing has been read. */
const AT_REST = Object.fromEntries(
  EMOTIONS.map((emotion) => [emotion, emotion === "happy" ? 0.75 : emotion === "neutral" ? 0.25 : 0]),
) as Composition;

/** What the page shows: a view, named in the address, and what the mascot makes of it. */
class Shell {
  view: View = $state(named(location.hash));
  mood: Composition = $state.raw(AT_REST);
  /** The last thing that happened, for people who do not see it happen. */
  said = $state("");
  /** The same, where it is to be seen for a while. */
  told = $state("");

  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener("hashchange", () => {
      this.view = named(location.hash);
    });
  }

  show(view: View): void {
    location.hash = view === "pictures" ? "" : view;
    this.view = view;
  }

  rest(): void {
    this.mood = AT_REST;
  }

  /** Say it, and show it for a few seconds. */
  tell(text: string): void {
    this.say(text);
    this.told = text;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => (this.told = ""), 5000);
  }

  say(text: string): void {
    // The same words again are read out again only where something changes.
    this.said = this.said === text ? `${text} ` : text;
  }
}

export const shell = new Shell();

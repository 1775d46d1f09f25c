export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const PLACE = "mememoji-theme";

/** Light, dark, or as the system has it; remembered in this browser. */
class ThemeChoice {
  value: Theme = $state(THEMES.find((theme) => theme === localStorage.getItem(PLACE)) ?? "auto");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  #systemIsDark = $state(this.#dark.matches);

  constructor() {
    this.#dark.addEventListener("change", (change) => {
      this.#systemIsDark = change.matches;
    });
    this.#apply();
  }

  /** What is shown now; reading it in an effect follows every change. */
  get isDark(): boolean {
    return this.value === "dark" || (this.value === "auto" && this.#systemIsDark);
  }

  next(): void {
    this.value = THEMES[(THEMES.indexOf(this.value) + 1) % THEMES.length] ?? "auto";
    localStorage.setItem(PLACE, this.value);
    this.#apply();
  }

  #apply(): void {
    if (this.value === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.value;
  }
}

export const theme = new ThemeChoice();

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE_KEY = "mememoji-theme";

/** The color scheme: light, dark or that of the system; stored in this browser. */
class ThemeSetting {
  value: Theme = $state(THEMES.find((theme) => theme === localStorage.getItem(STORAGE_KEY)) ?? "auto");
  readonly #darkQuery = matchMedia("(prefers-color-scheme: dark)");
  #isSystemDark = $state(this.#darkQuery.matches);

  constructor() {
    this.#darkQuery.addEventListener("change", (change) => {
      this.#isSystemDark = change.matches;
    });
    this.#apply();
  }

  /** Whether the page is dark now; reactive. */
  get isDark(): boolean {
    return this.value === "dark" || (this.value === "auto" && this.#isSystemDark);
  }

  next(): void {
    this.value = THEMES[(THEMES.indexOf(this.value) + 1) % THEMES.length] ?? "auto";
    localStorage.setItem(STORAGE_KEY, this.value);
    this.#apply();
  }

  #apply(): void {
    if (this.value === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.value;
  }
}

export const theme = new ThemeSetting();

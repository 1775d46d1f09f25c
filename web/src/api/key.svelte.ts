const PLACE = "mememoji-key";

/** The key that the service may ask for. It stays in this browser tab, and is gone when that is closed. */
class ApiKey {
  value = $state(sessionStorage.getItem(PLACE) ?? "");
  /** Whether the page shows the question for the key now. */
  isAsked = $state(false);
  /** Whether a key that was given has been refused. */
  isRefused = $state(false);

  #waiting: ((given: boolean) => void)[] = [];

  /** Ask for the key; several who ask at once wait for one answer, which says whether a key was given. */
  ask(refused: string): Promise<boolean> {
    // Somebody else's question may have been answered since that request was sent.
    if (refused !== this.value) return Promise.resolve(true);
    this.isRefused = refused !== "";
    this.isAsked = true;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  answer(value: string | null): void {
    if (value !== null) {
      this.value = value.trim();
      sessionStorage.setItem(PLACE, this.value);
    }
    this.isAsked = false;
    for (const resolve of this.#waiting.splice(0)) resolve(value !== null);
  }
}

export const apiKey = new ApiKey();

const STORAGE_KEY = "mememoji-api-key";

/** The API key of the service, kept in this browser tab until it is closed. */
class ApiKey {
  value = $state(sessionStorage.getItem(STORAGE_KEY) ?? "");
  /** Whether the dialog that asks for the key is open. */
  isRequested = $state(false);
  /** Whether the service has rejected a key that was entered. */
  isRejected = $state(false);

  #pending: ((wasEntered: boolean) => void)[] = [];

  /**
   * Ask the user for a key after the service has rejected `rejected`. Concurrent callers share one dialog. Resolves to
   * whether a key was entered.
   */
  request(rejected: string): Promise<boolean> {
    // Another caller's dialog may have been answered since the rejected request was sent.
    if (rejected !== this.value) return Promise.resolve(true);
    this.isRejected = rejected !== "";
    this.isRequested = true;
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  /** Close the dialog with the entered key, or with null if it was canceled. */
  submit(value: string | null): void {
    if (value !== null) {
      this.value = value.trim();
      sessionStorage.setItem(STORAGE_KEY, this.value);
    }
    this.isRequested = false;
    for (const resolve of this.#pending.splice(0)) resolve(value !== null);
  }
}

export const apiKey = new ApiKey();

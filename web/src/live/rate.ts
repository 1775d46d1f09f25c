/** Over how many milliseconds a rate is taken. */
const SPAN = 2000;

/** How often something happens and how long it takes, over the last two seconds. */
export class Rate {
  #events: { at: number; took: number }[] = [];

  add(at: number, took: number): void {
    this.#events.push({ at, took });
    this.#events = this.#events.filter((event) => event.at > at - SPAN);
  }

  /** Times a second; 0 before the second event. */
  get perSecond(): number {
    const [first, last] = [this.#events[0], this.#events.at(-1)];
    return first && last && last.at > first.at ? ((this.#events.length - 1) * 1000) / (last.at - first.at) : 0;
  }

  /** The median of the times in milliseconds; 0 before the first. */
  get median(): number {
    const times = this.#events.map((event) => event.took).sort((one, other) => one - other);
    return times[times.length >> 1] ?? 0;
  }
}

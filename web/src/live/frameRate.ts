/** Length of the sliding window in milliseconds. */
const WINDOW = 2000;

/** The rate and the latency of frames over the last two seconds. */
export class FrameRate {
  #frames: { at: number; latency: number }[] = [];

  /** Add a frame that was drawn at `at`, `latency` milliseconds after its capture. */
  add(at: number, latency: number): void {
    this.#frames.push({ at, latency });
    this.#frames = this.#frames.filter((frame) => frame.at > at - WINDOW);
  }

  /** Frames per second; 0 with fewer than two frames. */
  get fps(): number {
    const [first, last] = [this.#frames[0], this.#frames.at(-1)];
    return first && last && last.at > first.at ? ((this.#frames.length - 1) * 1000) / (last.at - first.at) : 0;
  }

  /** The median latency in milliseconds; 0 without frames. */
  get medianLatency(): number {
    const latencies = this.#frames.map((frame) => frame.latency).sort((a, b) => a - b);
    return latencies[latencies.length >> 1] ?? 0;
  }
}

/** What the service answers to a frame. */
export interface LiveAnswer {
  frame: number;
  skipped: number;
  milliseconds: number;
  width?: number;
  height?: number;
  faces?: LiveFace[];
  error?: { code: number; message: string };
}

export interface LiveFace {
  location_xy: [number, number];
  width: number;
  height: number;
  prediction: { emotion: "angry" | "fear" | "happy" | "sad" | "surprise" | "neutral"; percent: number }[];
  face_likeness?: number | null;
  landmarks?: Record<string, number[]> | null;
}

export interface Handlers {
  /** The connection is there; frames may be sent. */
  opened: () => void;
  /** An answer came to the frame that was taken then. */
  answered: (answer: LiveAnswer, takenAt: number) => void;
  /** The connection is gone and will be tried again; `wasOpen` tells whether there was one. */
  lost: (wasOpen: boolean, reason: string) => void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/** A frame that is not answered for so long has been lost, and the connection with it. */
const PATIENCE = 10_000;

/** Part of the wait that is left to chance, so that many pages do not come back in the same moment. */
const CHANCE = 0.3;

/** How long to wait before try number 1, 2, 3 …, in milliseconds; `chance` is in 0..1. */
export function waitBefore(attempt: number, chance: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * (1 - CHANCE * chance);
}

/** The WebSocket of live frames: one frame is under way at a time, and a lost connection is made again. */
export class LiveConnection {
  readonly #address: () => string;
  readonly #handlers: Handlers;
  #socket: WebSocket | undefined;
  #takenAt: number | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(address: () => string, handlers: Handlers) {
    this.#address = address;
    this.#handlers = handlers;
    this.#open();
  }

  /** Whether a frame may be sent now: the connection is there, and none is under way. */
  get isReady(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN && this.#takenAt === undefined;
  }

  /** Send a frame that was taken then, in milliseconds of `performance.now()`. */
  send(frame: Blob, takenAt: number): void {
    if (!this.isReady) return;
    this.#takenAt = takenAt;
    this.#socket?.send(frame);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket?.close(), PATIENCE);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(this.#address());
    let wasOpen = false;
    this.#socket = socket;
    this.#takenAt = undefined;
    socket.onopen = () => {
      wasOpen = true;
      if (!this.#isClosed) this.#handlers.opened();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      if (this.#isClosed) return;
      clearTimeout(this.#timer);
      // Only an answer shows that the service is well again: one that takes connections and drops them is not.
      this.#attempt = 0;
      const takenAt = this.#takenAt ?? performance.now();
      this.#takenAt = undefined;
      this.#handlers.answered(JSON.parse(data) as LiveAnswer, takenAt);
    };
    socket.onclose = ({ reason }) => {
      clearTimeout(this.#timer);
      if (this.#isClosed) return;
      this.#attempt += 1;
      this.#handlers.lost(wasOpen, reason);
      this.#timer = setTimeout(() => this.#open(), waitBefore(this.#attempt, Math.random()));
    };
  }
}

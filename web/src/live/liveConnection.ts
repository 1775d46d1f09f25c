/** The service's response to a frame. */
export interface LiveResponse {
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

export interface LiveHandlers {
  /** The connection is open; frames may be sent. */
  onOpen: () => void;
  /** The response to the frame that was captured at `capturedAt`. */
  onResponse: (response: LiveResponse, capturedAt: number) => void;
  /** The connection is closed and will be retried; `wasOpen` is false if it could not be opened. */
  onClose: (wasOpen: boolean, reason: string) => void;
}

const MIN_RETRY_DELAY = 500;
const MAX_RETRY_DELAY = 8000;

/** Milliseconds without a response after which the connection is closed and opened again. */
const RESPONSE_TIMEOUT = 10_000;

/** Fraction of the delay that is random, so that many pages do not reconnect at the same time. */
const JITTER = 0.3;

/** Return the delay before attempt 1, 2, 3, … in milliseconds; `random` is in 0..1. */
export function retryDelay(attempt: number, random: number): number {
  return Math.min(MAX_RETRY_DELAY, MIN_RETRY_DELAY * 2 ** (attempt - 1)) * (1 - JITTER * random);
}

/** The WebSocket of the live view: at most one frame is pending, and a closed connection is reopened. */
export class LiveConnection {
  readonly #url: () => string;
  readonly #handlers: LiveHandlers;
  #socket: WebSocket | undefined;
  #capturedAt: number | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(url: () => string, handlers: LiveHandlers) {
    this.#url = url;
    this.#handlers = handlers;
    this.#open();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Whether a frame may be sent: the connection is open and no frame is pending. */
  get isReady(): boolean {
    return this.isOpen && this.#capturedAt === undefined;
  }

  /** Send a frame that was captured at `capturedAt`, in milliseconds of `performance.now()`. */
  send(frame: Blob, capturedAt: number): void {
    if (!this.isReady) return;
    this.#capturedAt = capturedAt;
    this.#socket?.send(frame);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket?.close(), RESPONSE_TIMEOUT);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(this.#url());
    let wasOpen = false;
    this.#socket = socket;
    this.#capturedAt = undefined;
    socket.onopen = () => {
      wasOpen = true;
      if (!this.#isClosed) this.#handlers.onOpen();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      if (this.#isClosed) return;
      clearTimeout(this.#timer);
      // Reset on a response, not on open: a service that accepts connections and drops them is still retried slowly.
      this.#attempt = 0;
      const capturedAt = this.#capturedAt ?? performance.now();
      this.#capturedAt = undefined;
      this.#handlers.onResponse(JSON.parse(data) as LiveResponse, capturedAt);
    };
    socket.onclose = ({ reason }) => {
      clearTimeout(this.#timer);
      if (this.#isClosed) return;
      this.#attempt += 1;
      this.#handlers.onClose(wasOpen, reason);
      this.#timer = setTimeout(() => this.#open(), retryDelay(this.#attempt, Math.random()));
    };
  }
}

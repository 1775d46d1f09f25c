import { Problem } from "../api/problem";

/** What is sent is at most so large; a camera that gives more is scaled down. */
const FRAME = { width: 640, height: 480 };
const QUALITY = 0.8;

/** A camera, shown by a video element and copied frame by frame. */
export class Camera {
  readonly #video: HTMLVideoElement;
  readonly #canvas = document.createElement("canvas");
  readonly #context = this.#canvas.getContext("2d", { alpha: false });
  #stream: MediaStream | undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Turn the camera on, that one or any. Throws a `Problem` in words for people. */
  async start(deviceId?: string): Promise<void> {
    this.stop();
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) {
      throw new Problem("Browsers give a camera only to pages that come over https, or from this computer itself.");
    }
    try {
      this.#stream = await devices.getUserMedia({
        video: {
          width: { ideal: FRAME.width },
          height: { ideal: FRAME.height },
          ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" }),
        },
      });
      this.#video.srcObject = this.#stream;
      await this.#video.play();
    } catch (error) {
      this.stop();
      throw new Problem(inWords(error));
    }
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
  }

  get deviceId(): string | undefined {
    return this.#stream?.getVideoTracks()[0]?.getSettings().deviceId;
  }

  /** Whether it looks away from the person in front of the screen, so that a mirror would confuse. */
  get looksAway(): boolean {
    return this.#stream?.getVideoTracks()[0]?.getSettings().facingMode === "environment";
  }

  /** All cameras, once one may be used. */
  async others(): Promise<MediaDeviceInfo[]> {
    return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  }

  /** What the camera shows now, as a JPEG; null while it shows nothing. */
  frame(): Promise<Blob | null> {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width || !height || !this.#context) return Promise.resolve(null);
    const scale = Math.min(1, FRAME.width / width, FRAME.height / height);
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#context.drawImage(this.#video, 0, 0, this.#canvas.width, this.#canvas.height);
    return new Promise((resolve) => this.#canvas.toBlob(resolve, "image/jpeg", QUALITY));
  }
}

function inWords(error: unknown): string {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "The camera is not allowed. Allow it for this page, at the left of your browser’s address bar, then try again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No camera was found. Connect one, then try again.";
    case "NotReadableError":
    case "AbortError":
      return "The camera cannot be used. Perhaps another program uses it: close that, then try again.";
    default:
      return `The camera cannot be used: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

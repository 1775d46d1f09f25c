import { AppError } from "../api/errors";

/** Largest size of a frame in pixels; larger frames are downscaled. */
const MAX_FRAME = { width: 640, height: 480 };
const JPEG_QUALITY = 0.8;

/** A camera, shown by a video element and captured frame by frame. */
export class Camera {
  readonly #video: HTMLVideoElement;
  #stream: MediaStream | undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Start the camera with this ID, or the default camera. Throws an `AppError` with a message for the user. */
  async start(deviceId?: string): Promise<void> {
    this.stop();
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) {
      throw new AppError("Browsers allow camera access only on pages served over HTTPS or from this computer.");
    }
    try {
      this.#stream = await devices.getUserMedia({
        video: {
          width: { ideal: MAX_FRAME.width },
          height: { ideal: MAX_FRAME.height },
          ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" }),
        },
      });
      this.#video.srcObject = this.#stream;
      await this.#video.play();
    } catch (error) {
      this.stop();
      throw new AppError(describeCameraError(error));
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

  /** Whether this is a rear camera, whose image is not mirrored. */
  get isRear(): boolean {
    return this.#stream?.getVideoTracks()[0]?.getSettings().facingMode === "environment";
  }

  /** Return all cameras; browsers list them once the user has allowed access to one. */
  async listCameras(): Promise<MediaDeviceInfo[]> {
    return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  }

  /** Draw the current frame on a canvas and return whether there is one. */
  drawFrame(canvas: HTMLCanvasElement): boolean {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const context = canvas.getContext("2d", { alpha: false });
    if (!width || !height || !context) return false;
    const scale = Math.min(1, MAX_FRAME.width / width, MAX_FRAME.height / height);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return true;
  }
}

/** Encode a frame as a JPEG. */
export function encodeFrame(canvas: HTMLCanvasElement): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}

function describeCameraError(error: unknown): string {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "Camera access was denied. Allow it for this page, at the left of your browser’s address bar, then try again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No camera was found. Connect one, then try again.";
    case "NotReadableError":
    case "AbortError":
      return "The camera cannot be used. Another program may be using it: close that program, then try again.";
    default:
      return `The camera cannot be used: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

import { fetchPolicy, liveUrl } from "../api/client";
import { ApiError, AppError, toAppError } from "../api/errors";
import { toComposition } from "../emotions/emotions";
import { formatCount } from "../emotions/text";
import { rollFromLandmarks } from "../memes/placement";
import { shell } from "../shell/shell.svelte";
import { Camera, encodeFrame } from "./camera";
import { FrameRate } from "./frameRate";
import { LiveConnection, type LiveFace, type LiveResponse } from "./liveConnection";
import { smoothFaces, type DisplayedFace } from "./smoothing";
import { FaceHistory, PLOT_SPAN, Recording } from "./timeline";
import { Tracker, type Track } from "./tracker";

export type LiveState = "off" | "starting" | "running" | "paused" | "disconnected" | "failed";

/** Update intervals in milliseconds of the overlay, the plots, the texts and the statistics. */
const OVERLAY_INTERVAL = 28;
const PLOT_INTERVAL = 125;
const TEXT_INTERVAL = 250;
const STATISTICS_INTERVAL = 500;

/** Milliseconds before the next frame after an error of the service. */
const ERROR_DELAY = 500;
/** Milliseconds before the next attempt while the camera has no frame. */
const CAPTURE_DELAY = 50;

const UNAUTHORIZED = 401;
const SESSION_LIMIT = "The service has reached its limit of live sessions. Retrying …";
const UNREACHABLE = "The service cannot be reached. Retrying …";
const CONNECTION_LOST = "The connection was lost. Reconnecting …";

/** A live session: sends the frames of a camera to the service one at a time and tracks the faces of the responses. */
export class LiveSession {
  state: LiveState = $state("off");
  error: AppError | undefined = $state.raw();
  /** Responses per second, and the median milliseconds from the capture of a frame to its drawn faces. */
  fps = $state(0);
  latency = $state(0);
  size = $state.raw({ width: 640, height: 480 });
  /** The frame that the faces were found in, while the session is paused. */
  frozenFrame: HTMLCanvasElement | undefined = $state.raw();
  /** The faces of the last frame. */
  tracks: readonly Track[] = $state.raw([]);
  /** The faces as displayed, smoothed towards `tracks`. */
  displayed: readonly DisplayedFace[] = $state.raw([]);
  /** The faces at the last update of the texts, which would be unreadable at the frame rate. */
  described: readonly Track[] = $state.raw([]);
  cameras: readonly MediaDeviceInfo[] = $state.raw([]);
  deviceId: string | undefined = $state();
  isMirrored = $state(true);
  /** Number of recorded rows; undefined while nothing is recorded. */
  numRecorded: number | undefined = $state();
  /** The right end of the plots in seconds of `performance.now()`; stands still while the session is paused. */
  plotEnd = $state(0);
  readonly histories = new Map<number, FaceHistory>();

  readonly #camera: Camera;
  readonly #canvases = [1, 2, 3].map(() => document.createElement("canvas"));
  #connection: LiveConnection | undefined;
  #tracker = new Tracker();
  #frameRate = new FrameRate();
  #recording: Recording | undefined;
  #animationFrame = 0;
  #lastDrawn = 0;
  #lastPlot = 0;
  #lastStatistics = 0;
  #lastText = 0;
  #isCapturing = false;
  /** The last frame that was sent, and the last one whose response has come. */
  #sentFrame: HTMLCanvasElement | undefined;
  #answeredFrame: HTMLCanvasElement | undefined;
  /** The capture time of a frame whose faces are not drawn yet. */
  #undrawnCapture: number | undefined;

  constructor(video: HTMLVideoElement) {
    this.#camera = new Camera(video);
  }

  get isOn(): boolean {
    return this.state === "running" || this.state === "paused" || this.state === "disconnected";
  }

  async start(deviceId?: string): Promise<void> {
    this.state = "starting";
    this.error = this.frozenFrame = undefined;
    try {
      await this.#camera.start(deviceId);
    } catch (error) {
      this.#fail(toAppError(error));
      return;
    }
    const cameras = await this.#camera.listCameras();
    // The user may have left the view while the browser asked for permission.
    if (this.state !== "starting") {
      this.#camera.stop();
      return;
    }
    this.deviceId = this.#camera.deviceId;
    this.isMirrored = !this.#camera.isRear;
    this.cameras = cameras;
    if (this.#connection) {
      // The camera was changed during a session.
      this.state = "running";
      void this.#sendFrame();
    } else {
      this.#connection = new LiveConnection(liveUrl, {
        onOpen: () => this.#handleOpen(),
        onResponse: (response, capturedAt) => this.#handleResponse(response, capturedAt),
        onClose: (wasOpen, reason) => void this.#handleClose(wasOpen, reason),
      });
    }
    this.#lastDrawn = performance.now();
    this.#animationFrame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  /** Stop the camera and the connection. A recording is kept until `finishRecording`. */
  stop(): void {
    this.state = "off";
    this.#connection?.close();
    this.#connection = undefined;
    cancelAnimationFrame(this.#animationFrame);
    this.#animationFrame = 0;
    this.#camera.stop();
    this.frozenFrame = this.#sentFrame = this.#answeredFrame = undefined;
    this.tracks = this.displayed = this.described = [];
    this.fps = this.latency = 0;
    this.#frameRate = new FrameRate();
    this.#tracker = new Tracker();
    this.histories.clear();
  }

  /** Show the frame that the faces were found in, and send and record nothing until `resume`. */
  pause(): void {
    if (this.state !== "running") return;
    this.state = "paused";
    this.frozenFrame = this.#answeredFrame ?? this.#drawFrame();
    // The responses to frames after this one are ignored: all that is shown is about this one.
    this.displayed = this.described = this.tracks;
    shell.announce("Paused.");
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.frozenFrame = undefined;
    this.#frameRate = new FrameRate();
    if (this.#connection?.isOpen) {
      this.state = "running";
    } else {
      this.state = "disconnected";
      this.error = new ApiError(CONNECTION_LOST);
      this.tracks = [];
    }
    void this.#sendFrame();
  }

  /** Return the frame that is shown as a JPEG; null while the camera has no frame. */
  takeSnapshot(): Promise<Blob | null> {
    const frame = this.frozenFrame ?? this.#drawFrame();
    return frame ? encodeFrame(frame) : Promise.resolve(null);
  }

  #drawFrame(): HTMLCanvasElement | undefined {
    const canvas = document.createElement("canvas");
    return this.#camera.drawFrame(canvas) ? canvas : undefined;
  }

  startRecording(): void {
    this.#recording = new Recording(performance.now());
    this.numRecorded = 0;
  }

  /** End the recording and return it as CSV; undefined if nothing was recorded. */
  finishRecording(): string | undefined {
    const csv = this.#recording?.toCsv();
    this.#recording = undefined;
    this.numRecorded = undefined;
    return csv;
  }

  #handleOpen(): void {
    if (this.state !== "paused") {
      if (this.state === "disconnected") shell.announce("Reconnected.");
      this.state = "running";
    }
    this.error = undefined;
    void this.#sendFrame();
  }

  /** Capture a frame and send it, unless one is pending. */
  async #sendFrame(): Promise<void> {
    if (this.#isCapturing || this.state !== "running" || !this.#connection?.isReady) return;
    this.#isCapturing = true;
    const capturedAt = performance.now();
    // Canvases take turns: the one of the last response is shown when the session is paused.
    const canvas = this.#canvases.find((canvas) => canvas !== this.#answeredFrame && canvas !== this.#sentFrame);
    const frame = canvas && this.#camera.drawFrame(canvas) ? canvas : undefined;
    const jpeg = frame && (await encodeFrame(frame));
    this.#isCapturing = false;
    if (this.state !== "running") return;
    if (jpeg) {
      this.#sentFrame = frame;
      this.#connection?.send(jpeg, capturedAt);
    } else {
      setTimeout(() => void this.#sendFrame(), CAPTURE_DELAY);
    }
  }

  #handleResponse(response: LiveResponse, capturedAt: number): void {
    const { faces, error, width, height } = response;
    if (faces && this.state === "running") {
      this.#answeredFrame = this.#sentFrame;
      this.#undrawnCapture = capturedAt;
      this.error = undefined;
      if (width && height && (width !== this.size.width || height !== this.size.height)) this.size = { width, height };
      this.#updateTracks(faces, capturedAt);
    } else if (error && this.state !== "paused") {
      this.error = new ApiError(error.message);
    }
    // Reduce the load of a busy service.
    if (error) setTimeout(() => void this.#sendFrame(), ERROR_DELAY);
    else void this.#sendFrame();
  }

  /** Update tracks, plots and recording by the faces of a frame. Its time counts: responses may come in bursts. */
  #updateTracks(faces: readonly LiveFace[], capturedAt: number): void {
    const detected = faces.map((face) => ({
      box: { x: face.location_xy[0], y: face.location_xy[1], width: face.width, height: face.height },
      composition: toComposition(face.prediction),
      roll: rollFromLandmarks(face.landmarks),
      faceScore: face.face_likeness,
    }));
    const numBefore = this.tracks.length;
    this.tracks = this.#tracker.update(detected, capturedAt);
    if (this.tracks.length !== numBefore) shell.announce(`${formatCount(this.tracks.length, "face")} in the image.`);
    for (const { id, composition } of this.tracks) {
      let history = this.histories.get(id);
      if (!history) this.histories.set(id, (history = new FaceHistory()));
      history.add(capturedAt, composition);
    }
    for (const [id, history] of this.histories)
      if (capturedAt - history.lastSeen > PLOT_SPAN) this.histories.delete(id);
    if (this.#recording) {
      this.#recording.add(capturedAt, this.tracks);
      this.numRecorded = this.#recording.numRows;
    }
  }

  async #handleClose(wasOpen: boolean, reason: string): Promise<void> {
    // What is shown while the session is paused needs no connection.
    if (this.state === "off" || this.state === "paused") return;
    this.state = "disconnected";
    this.tracks = [];
    this.fps = 0;
    if (wasOpen) {
      this.error = new ApiError(reason || CONNECTION_LOST);
      shell.announce(this.error.message);
      return;
    }
    // Browsers do not report why a WebSocket was refused; another request shows whether the service is reachable and
    // requires a key.
    try {
      await fetchPolicy();
      if (this.state === "disconnected") this.error = new ApiError(SESSION_LIMIT);
    } catch (error) {
      if (error instanceof ApiError && error.status === UNAUTHORIZED) this.#fail(error);
      else if (this.state === "disconnected") this.error = new ApiError(UNREACHABLE);
    }
  }

  #fail(error: AppError): void {
    this.stop();
    this.error = error;
    this.state = "failed";
    shell.announce(error.message);
  }

  #draw(now: number): void {
    this.#animationFrame = requestAnimationFrame((next) => this.#draw(next));
    if (now - this.#lastDrawn < OVERLAY_INTERVAL) return;
    if (this.state !== "paused" && (this.displayed.length > 0 || this.tracks.length > 0)) {
      this.displayed = smoothFaces(this.displayed, this.tracks, now - this.#lastDrawn);
    }
    this.#lastDrawn = now;
    if (this.#undrawnCapture !== undefined) {
      this.#frameRate.add(now, now - this.#undrawnCapture);
      this.#undrawnCapture = undefined;
    }
    if (now - this.#lastPlot >= PLOT_INTERVAL && this.state === "running") {
      this.#lastPlot = now;
      this.plotEnd = now / 1000;
    }
    if (now - this.#lastText >= TEXT_INTERVAL) {
      this.#lastText = now;
      this.described = this.tracks;
      if (this.tracks[0]) shell.mood = this.tracks[0].composition;
    }
    if (now - this.#lastStatistics >= STATISTICS_INTERVAL) {
      this.#lastStatistics = now;
      if (this.state === "running") {
        this.fps = this.#frameRate.fps;
        this.latency = this.#frameRate.medianLatency;
      }
    }
  }
}

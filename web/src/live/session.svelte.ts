import { asProblem, Problem } from "../api/problem";
import { liveAddress, readTerms } from "../api/service";
import { compositionOf } from "../emotions/emotions";
import { counted } from "../emotions/words";
import { tiltOf } from "../memes/tilt";
import { shell } from "../shell/view.svelte";
import { Camera } from "./camera";
import { LiveConnection, type LiveAnswer } from "./connection";
import { Rate } from "./rate";
import { approach, type Shown } from "./smoothing";
import { FaceHistory, Recording, SPAN } from "./timeline";
import { Tracker, type Track } from "./tracking";

export type LiveState = "off" | "starting" | "running" | "paused" | "lost" | "failed";

/** How often overlay, plots, words and figures are renewed, in milliseconds: oftener is more than eyes follow. */
const OVERLAY_PACE = 28;
const PLOT_PACE = 125;
const WORDS_PACE = 250;
const FIGURES_PACE = 500;

const KEY_WANTED = 401;
const NO_ROOM = "The service takes no more live sessions at the moment. Trying again …";
const AWAY = "The service cannot be reached. Trying again …";

/** A live session: the camera's frames to the service one at a time, and what comes back over time. */
export class LiveSession {
  state: LiveState = $state("off");
  problem: Problem | undefined = $state.raw();
  /** Frames answered a second, and the median time in milliseconds from a frame taken to its faces drawn. */
  perSecond = $state(0);
  latency = $state(0);
  size = $state.raw({ width: 640, height: 480 });
  /** The faces of the last frame, and as they are shown on their way there. */
  tracks: readonly Track[] = $state.raw([]);
  shown: readonly Shown[] = $state.raw([]);
  /** The faces of a moment ago, for words and numbers, which nobody reads as fast as frames come. */
  told: readonly Track[] = $state.raw([]);
  cameras: readonly MediaDeviceInfo[] = $state.raw([]);
  deviceId: string | undefined = $state();
  isMirrored = $state(true);
  /** Rows recorded; undefined where nothing is being recorded. */
  recorded: number | undefined = $state();
  /** Grows when histories have grown. */
  pulse = $state(0);
  readonly histories = new Map<number, FaceHistory>();

  readonly #camera: Camera;
  #connection: LiveConnection | undefined;
  #tracker = new Tracker();
  #rate = new Rate();
  #recording: Recording | undefined;
  #drawing = 0;
  #lastDrawn = 0;
  #lastPulse = 0;
  #lastFigures = 0;
  #lastWords = 0;
  #isTaking = false;
  /** When the frame was taken whose faces are to be drawn next. */
  #undrawn: number | undefined;

  constructor(video: HTMLVideoElement) {
    this.#camera = new Camera(video);
  }

  get isOn(): boolean {
    return this.state === "running" || this.state === "paused" || this.state === "lost";
  }

  async start(deviceId?: string): Promise<void> {
    this.state = "starting";
    this.problem = undefined;
    try {
      await this.#camera.start(deviceId);
    } catch (error) {
      this.#fail(asProblem(error));
      return;
    }
    // The view may have been left while the browser asked for the camera.
    if (this.state !== "starting") {
      this.#camera.stop();
      return;
    }
    this.deviceId = this.#camera.deviceId;
    this.isMirrored = !this.#camera.looksAway;
    this.cameras = await this.#camera.others();
    if (this.#connection) {
      // Another camera for the same session.
      this.state = "running";
      void this.#take();
    } else {
      this.#connection = new LiveConnection(liveAddress, {
        opened: () => this.#opened(),
        answered: (answer, takenAt) => this.#answered(answer, takenAt),
        lost: (wasOpen, reason) => void this.#lost(wasOpen, reason),
      });
    }
    this.#lastDrawn = performance.now();
    this.#drawing ||= requestAnimationFrame((now) => this.#draw(now));
  }

  /** Let go of camera and connection. What was recorded so far stays until it is saved or dropped. */
  stop(): void {
    this.state = "off";
    this.#connection?.close();
    this.#connection = undefined;
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    this.#camera.stop();
    this.tracks = this.shown = this.told = [];
    this.perSecond = this.latency = 0;
    this.#rate = new Rate();
    this.#tracker = new Tracker();
    this.histories.clear();
  }

  pause(): void {
    if (this.state === "running") this.state = "paused";
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    this.#rate = new Rate();
    void this.#take();
  }

  snapshot(): Promise<Blob | null> {
    return this.#camera.frame();
  }

  record(): void {
    this.#recording = new Recording(performance.now());
    this.recorded = 0;
  }

  /** End the recording; gives it as CSV. */
  recordedCsv(): string | undefined {
    const csv = this.#recording?.csv();
    this.#recording = undefined;
    this.recorded = undefined;
    return csv;
  }

  #opened(): void {
    if (this.state !== "paused") {
      if (this.state === "lost") shell.say("The connection is back.");
      this.state = "running";
    }
    this.problem = undefined;
    void this.#take();
  }

  /** Take the newest frame and send it, unless one is under way. */
  async #take(): Promise<void> {
    if (this.#isTaking || this.state !== "running" || !this.#connection?.isReady) return;
    this.#isTaking = true;
    const takenAt = performance.now();
    const frame = await this.#camera.frame();
    this.#isTaking = false;
    if (frame) this.#connection?.send(frame, takenAt);
    else setTimeout(() => void this.#take(), 50);
  }

  #answered(answer: LiveAnswer, takenAt: number): void {
    const now = performance.now();
    if (answer.faces && this.state === "running") {
      this.#undrawn = takenAt;
      if (answer.width && answer.height && (answer.width !== this.size.width || answer.height !== this.size.height)) {
        this.size = { width: answer.width, height: answer.height };
      }
      this.#follow(answer.faces, now);
    } else if (answer.error) {
      this.problem = new Problem(answer.error.message);
    }
    // A service that is busy is left alone for a moment.
    if (answer.error) setTimeout(() => void this.#take(), 500);
    else void this.#take();
  }

  #follow(faces: NonNullable<LiveAnswer["faces"]>, now: number): void {
    const seen = faces.map((face) => ({
      box: { x: face.location_xy[0], y: face.location_xy[1], width: face.width, height: face.height },
      composition: compositionOf(face.prediction),
      tilt: tiltOf(face.landmarks),
      likeness: face.face_likeness,
    }));
    const before = this.tracks.length;
    this.tracks = this.#tracker.follow(seen, now);
    if (this.tracks.length !== before) shell.say(`${counted(this.tracks.length, "face")} in the picture.`);
    for (const { face, composition } of this.tracks) {
      let history = this.histories.get(face);
      if (!history) this.histories.set(face, (history = new FaceHistory()));
      history.add(now, composition);
    }
    for (const [face, history] of this.histories) if (now - history.last > SPAN) this.histories.delete(face);
    if (this.#recording) {
      this.#recording.add(now, this.tracks);
      this.recorded = this.#recording.rows;
    }
  }

  async #lost(wasOpen: boolean, reason: string): Promise<void> {
    if (this.state === "off") return;
    if (this.state !== "paused") this.state = "lost";
    this.tracks = [];
    this.perSecond = 0;
    if (wasOpen) {
      this.problem = new Problem(reason || "The connection broke off. Connecting again …");
      shell.say(this.problem.message);
      return;
    }
    // A browser does not tell why a connection was refused: whether the service is there, and wants a key, another
    // question tells.
    try {
      await readTerms();
      if (this.state === "lost") this.problem = new Problem(NO_ROOM);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === KEY_WANTED) this.#fail(problem);
      else if (this.state === "lost") this.problem = new Problem(AWAY);
    }
  }

  #fail(problem: Problem): void {
    this.stop();
    this.problem = problem;
    this.state = "failed";
    shell.say(problem.message);
  }

  #draw(now: number): void {
    this.#drawing = requestAnimationFrame((next) => this.#draw(next));
    if (now - this.#lastDrawn < OVERLAY_PACE) return;
    if (this.shown.length > 0 || this.tracks.length > 0) {
      this.shown = approach(this.shown, this.tracks, now - this.#lastDrawn);
    }
    this.#lastDrawn = now;
    if (this.#undrawn !== undefined) {
      this.#rate.add(now, now - this.#undrawn);
      this.#undrawn = undefined;
    }
    if (now - this.#lastPulse >= PLOT_PACE && this.state === "running") {
      this.#lastPulse = now;
      this.pulse += 1;
    }
    if (now - this.#lastWords >= WORDS_PACE) {
      this.#lastWords = now;
      this.told = this.tracks;
      if (this.tracks[0]) shell.mood = this.tracks[0].composition;
    }
    if (now - this.#lastFigures >= FIGURES_PACE) {
      this.#lastFigures = now;
      if (this.state === "running") {
        this.perSecond = this.#rate.perSecond;
        this.latency = this.#rate.median;
      }
    }
  }
}

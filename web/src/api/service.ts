import type { Emotion } from "../emotions/emotions";
import type { components } from "../generated/schema";
import { apiKey } from "./key.svelte";
import { Problem, problemOf, UNREACHABLE } from "./problem";

type Schemas = components["schemas"];
export type PictureAnswer = Schemas["PictureAnswer"];
export type FaceAnswer = Schemas["FaceAnswer"];
export type Terms = Schemas["TermsAnswer"];
export type Model = Schemas["ModelAnswer"];

const ROOT = "/v1.0.0";
const BUSY = new Set([429, 503]);
const TRIES = 3;
const LONGEST_WAIT = 5;

/** A picture to be read: a file's bytes, or an address that the service fetches. */
export type Source = { file: Blob } | { address: string };

/** Find the faces of a picture; `preview` brings the picture itself along. */
export async function predict(source: Source, preview: boolean): Promise<PictureAnswer> {
  const form = new FormData();
  if ("file" in source) form.append("image_buf", source.file, "picture");
  else form.append("image_url", source.address);
  if (preview) form.append("preview_image", "true");
  return (await request("POST", "/predict", form)).json() as Promise<PictureAnswer>;
}

export async function giveFeedback(pictureId: string, face: number, emotion: Emotion): Promise<void> {
  await request("POST", `/feedback?${feedbackQuery(pictureId, face, emotion)}`);
}

export async function takeBack(pictureId: string, face: number, emotion: Emotion): Promise<void> {
  await request("DELETE", `/feedback?${feedbackQuery(pictureId, face, emotion)}`);
}

/** Have the service forget a picture. One that it does not hold any more is as good. */
export async function forget(pictureId: string): Promise<void> {
  try {
    await request("DELETE", `/images/${encodeURIComponent(pictureId)}`);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 404)) throw error;
  }
}

export async function readTerms(): Promise<Terms> {
  return (await request("GET", "/terms")).json() as Promise<Terms>;
}

export async function readModel(): Promise<Model> {
  return (await request("GET", "/model")).json() as Promise<Model>;
}

/** Where live frames go. Browsers let no header be set here, so the key stands in the query. */
export function liveAddress(): string {
  const address = new URL(`${ROOT}/live`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (apiKey.value) address.searchParams.set("api_key", apiKey.value);
  return address.href;
}

function feedbackQuery(pictureId: string, face: number, emotion: Emotion): string {
  return new URLSearchParams({ image_id: pictureId, face_index: String(face), feedback: emotion }).toString();
}

/** Ask the service; one that is busy is asked again, and a key is asked for where it wants one. */
async function request(method: string, path: string, body?: FormData): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const key = apiKey.value;
    let response: Response;
    try {
      const headers: Record<string, string> = key ? { "X-API-Key": key } : {};
      response = await fetch(ROOT + path, { method, headers, ...(body && { body }) });
    } catch {
      throw new Problem(UNREACHABLE);
    }
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.status === 401) {
      if (!(await apiKey.ask(key))) throw problem;
    } else if (BUSY.has(problem.status) && attempt < TRIES && (problem.retryAfter ?? Infinity) <= LONGEST_WAIT) {
      await new Promise((resolve) => setTimeout(resolve, (problem.retryAfter ?? 1) * 1000));
    } else {
      throw problem;
    }
  }
}

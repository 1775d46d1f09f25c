import type { Emotion } from "../emotions/emotions";
import type { components } from "../generated/schema";
import { apiKey } from "./apiKey.svelte";
import { ApiError, errorFromResponse, UNREACHABLE } from "./errors";

type Schemas = components["schemas"];
export type PredictResponse = Schemas["PredictResponse"];
export type FaceResponse = Schemas["FaceResponse"];
export type StoredImage = Schemas["StoredImageResponse"];
export type Policy = Schemas["PolicyResponse"];
export type Model = Schemas["ModelResponse"];

const API_ROOT = "/v1.0.0";
const RETRY_STATUSES = new Set([429, 503]);
const MAX_ATTEMPTS = 3;
const MAX_RETRY_SECONDS = 5;

/** An image to analyze: the bytes of a file, or a URL that the service fetches. */
export type ImageSource = { file: Blob } | { url: string };

/** Detect and classify the faces of an image. With `preview` the response includes the image itself. */
export async function predict(source: ImageSource, preview: boolean): Promise<PredictResponse> {
  const form = new FormData();
  if ("file" in source) form.append("image_buf", source.file, "image");
  else form.append("image_url", source.url);
  if (preview) form.append("preview_image", "true");
  // The page cuts sharper thumbnails from the image itself.
  form.append("crop_image", "false");
  return (await request("POST", "/predict", form)).json() as Promise<PredictResponse>;
}

/**
 * Fetch a stored image with the feedback on its faces. With `pixels` the response includes the image itself or the
 * thumbnails of its faces, as far as the service stores them.
 */
export async function fetchImage(imageId: string, pixels: boolean): Promise<StoredImage> {
  const path = `/images/${encodeURIComponent(imageId)}`;
  const response = await request("GET", `${path}?preview_image=${pixels}&crop_image=${pixels}`);
  return response.json() as Promise<StoredImage>;
}

/** Store feedback on a face. */
export async function sendFeedback(imageId: string, faceIndex: number, emotion: Emotion): Promise<void> {
  await request("POST", `/feedback?${feedbackQuery(imageId, faceIndex, emotion)}`);
}

/** Delete feedback on a face. */
export async function deleteFeedback(imageId: string, faceIndex: number, emotion: Emotion): Promise<void> {
  await request("DELETE", `/feedback?${feedbackQuery(imageId, faceIndex, emotion)}`);
}

/** Delete a stored image. An image that is no longer stored counts as deleted. */
export async function deleteImage(imageId: string): Promise<void> {
  try {
    await request("DELETE", `/images/${encodeURIComponent(imageId)}`);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

/** Fetch the limits and the retention policy of the service. */
export async function fetchPolicy(): Promise<Policy> {
  return (await request("GET", "/terms")).json() as Promise<Policy>;
}

/** Fetch the model card. */
export async function fetchModel(): Promise<Model> {
  return (await request("GET", "/model")).json() as Promise<Model>;
}

/** Return the WebSocket URL for live frames. Browsers cannot set headers here, so the key is in the query. */
export function liveUrl(): string {
  const url = new URL(`${API_ROOT}/live`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (apiKey.value) url.searchParams.set("api_key", apiKey.value);
  return url.href;
}

function feedbackQuery(imageId: string, faceIndex: number, emotion: Emotion): string {
  return new URLSearchParams({ image_id: imageId, face_index: String(faceIndex), feedback: emotion }).toString();
}

/** Send a request. Retries while the service is busy, and asks the user for a key if the service requires one. */
async function request(method: string, path: string, body?: FormData): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const key = apiKey.value;
    let response: Response;
    try {
      const headers: Record<string, string> = key ? { "X-API-Key": key } : {};
      response = await fetch(API_ROOT + path, { method, headers, ...(body && { body }) });
    } catch {
      throw new ApiError(UNREACHABLE);
    }
    if (response.ok) return response;
    const error = await errorFromResponse(response);
    if (error.status === 401) {
      if (!(await apiKey.request(key))) throw error;
    } else if (
      RETRY_STATUSES.has(error.status) &&
      attempt < MAX_ATTEMPTS &&
      (error.retryAfter ?? Infinity) <= MAX_RETRY_SECONDS
    ) {
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 1) * 1000));
    } else {
      throw error;
    }
  }
}

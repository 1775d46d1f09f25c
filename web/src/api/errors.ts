import { capitalize } from "../emotions/text";

/** An error whose message is shown to the user. */
export class AppError extends Error {}

/** An error response of the service, or a request that did not reach it. */
export class ApiError extends AppError {
  /** The HTTP status, or 0 if the service was not reached. */
  readonly status: number;
  /** Seconds after which the request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(message: string, status = 0, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Whether the same request may succeed later: the service was not reached, was busy, or failed. */
export function isTemporary(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.status === 0 || [401, 408, 429].includes(error.status) || error.status >= 500)
  );
}

export const UNREACHABLE =
  "The service cannot be reached. Check that it is running and that you are connected, then try again.";

/** Convert an error response to an `ApiError` with the service's message, if it has one. */
export async function errorFromResponse(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const message =
    typeof body === "object" && body !== null && "message" in body && typeof body.message === "string"
      ? `${capitalize(body.message)}.`
      : `The service returned an error (${response.status}).`;
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiError(message, response.status, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

/** Convert anything that was thrown to an `AppError`; the message is kept. */
export function toAppError(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError(error instanceof Error ? error.message : String(error));
}

import { capitalised } from "../emotions/words";

/** Something that went wrong, told so that people can act on it. */
export class Problem extends Error {
  /** HTTP's status, 0 where the service was not reached at all. */
  readonly status: number;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(message: string, status = 0, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export const UNREACHABLE =
  "The service cannot be reached. Check that it runs and that you are connected, then try again.";

/** The error of an answer that is not a success, in the service's own words where it has some. */
export async function problemOf(response: Response): Promise<Problem> {
  const told: unknown = await response.json().catch(() => null);
  const message =
    typeof told === "object" && told !== null && "message" in told && typeof told.message === "string"
      ? `${capitalised(told.message)}.`
      : `The service answered with an error (${response.status}).`;
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Problem(message, response.status, Number.isFinite(wait) ? wait : undefined);
}

/** Any error as a problem; one that nobody foresaw keeps its own words. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(error instanceof Error ? error.message : String(error));
}

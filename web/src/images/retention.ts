import type { Policy } from "../api/client";
import { formatCount } from "../emotions/text";

const PIXELS: Readonly<Record<Policy["kept"], string>> = {
  nothing: "The image itself is not stored.",
  crops: "Of the image, only the faces are stored.",
  received: "The image itself is stored, too.",
};

/** Describe in two sentences what the service stores of an image, and for how long. */
export function describeRetention(policy: Policy): string {
  if (!policy.stores) return "Images are analyzed and then discarded: this service stores nothing of them.";
  const days = policy.lifetime_days;
  const duration =
    days === null ? "until they are deleted" : `for ${formatCount(Math.max(1, Math.round(days)), "day")}`;
  return `The service stores the results and your feedback ${duration}. ${PIXELS[policy.kept]}`;
}

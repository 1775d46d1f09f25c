import type { Terms } from "../api/service";
import { counted } from "../emotions/words";

const PIXELS: Readonly<Record<Terms["kept"], string>> = {
  nothing: "The picture itself is not kept.",
  crops: "Of the picture, the faces are kept.",
  received: "The picture itself is kept, too.",
};

/** What the service remembers of a picture, and for how long, in two sentences. */
export function keeping(terms: Terms): string {
  if (!terms.stores) return "Pictures are read and forgotten at once: this service keeps nothing of them.";
  const days = terms.lifetime_days;
  const time = days === null ? "until somebody deletes it" : `for ${counted(Math.max(1, Math.round(days)), "day")}`;
  return `The service remembers what it found, and your feedback, ${time}. ${PIXELS[terms.kept]}`;
}

/** The shortest and the longest span of a plot in seconds. */
const MIN_SPAN = 5;
const MAX_SPAN = 60;

/** Return the span of a plot in seconds: it grows with the time that there is to show, up to a minute. */
export function plotSpan(first: number | undefined, end: number): number {
  return Math.min(Math.max(end - (first ?? end), MIN_SPAN), MAX_SPAN);
}

/** Return the ticks of a span as seconds before its end, from the earliest one to 0. */
export function tickOffsets(span: number): number[] {
  const step = span > 30 ? 15 : span > 12 ? 5 : span > 6 ? 2 : 1;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => i * step).reverse();
}

/** Return the index of the time in ascending `seconds` that is nearest to `second`; undefined if there is none. */
export function nearestIndex(seconds: readonly number[], second: number): number | undefined {
  let nearest: number | undefined;
  seconds.forEach((value, index) => {
    if (nearest === undefined || Math.abs(value - second) <= Math.abs(seconds[nearest]! - second)) nearest = index;
  });
  return nearest;
}

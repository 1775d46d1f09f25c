const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const PAGE = 10;

/**
 * Return the index that a key moves to in a group of `count` elements of which one takes part in the Tab order;
 * undefined for other keys.
 */
export function moveIndex(key: string, index: number, count: number): number | undefined {
  const step = STEPS[key];
  if (step !== undefined) return (index + step + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (key === "PageUp") return Math.max(0, index - PAGE);
  if (key === "PageDown") return Math.min(count - 1, index + PAGE);
  return undefined;
}

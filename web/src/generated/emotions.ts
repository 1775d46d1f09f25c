// Written by web/describe.py from src/mememoji/emotions.py.

/** The emotions' colours, in the emotions' order. */
export const COLOURS = {
  angry: "#ce3f33",
  fear: "#aa70c1",
  happy: "#c18a01",
  sad: "#006edd",
  surprise: "#00a87a",
  neutral: "#646875",
} as const;

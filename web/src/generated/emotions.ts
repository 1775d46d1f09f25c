// Written by web/describe.py from src/mememoji/emotions.py and src/mememoji/results.py.

/** The color of each emotion, in the fixed order of the emotions. */
export const COLORS = {
  angry: "#ce3f33",
  fear: "#aa70c1",
  happy: "#c18a01",
  sad: "#006edd",
  surprise: "#00a87a",
  neutral: "#646875",
} as const;

/** The face score from which a detection counts as a face. */
export const FACE_THRESHOLD = 0.5;

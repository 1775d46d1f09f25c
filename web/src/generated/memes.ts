// Written by web/describe.py from src/mememoji/drawing/memes/overlay.py.

/** A meme's head over the box of the face it lies on. */
export const LARGER = 1.12;

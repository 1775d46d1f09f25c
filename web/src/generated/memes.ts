// Written by web/describe.py from src/mememoji/drawing/memes/meme_overlay.py.

/** A meme's head over the box of the face it lies on. */
export const HEAD_SCALE = 1.12;

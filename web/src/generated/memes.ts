// Written by web/describe.py from src/mememoji/drawing/memes/meme_overlay.py.

/** Size of a meme's head relative to the box of its face. */
export const HEAD_SCALE = 1.12;

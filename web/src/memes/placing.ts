/** How far a meme face reaches over the box of the face that it lies on, on each side, as a part of the box. */
export const MEME_REACH = 0.12;

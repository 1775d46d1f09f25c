/** Points by name, as the service sends them where the detector finds them. */
export type Landmarks = Record<string, readonly number[]>;

/** How far a face is turned in the picture, in degrees clockwise; 0 where the detector tells no eyes. */
export function tiltOf(landmarks: Landmarks | null | undefined): number {
  // Right and left are the person's: the right eye lies left in the picture.
  const [right, left] = [landmarks?.["right_eye"], landmarks?.["left_eye"]];
  if (right?.length !== 2 || left?.length !== 2) return 0;
  const [x, y] = right as [number, number];
  const [otherX, otherY] = left as [number, number];
  return (Math.atan2(otherY - y, otherX - x) * 180) / Math.PI;
}

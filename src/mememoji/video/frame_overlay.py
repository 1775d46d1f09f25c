"""The overlay on a video's frames, shared by video files and the live window."""

from dataclasses import dataclass

from mememoji.drawing.annotation import annotate
from mememoji.image_io import RGBImage
from mememoji.tracking.face_tracking import TrackedFrame


@dataclass(frozen=True, slots=True)
class Overlay:
    """The elements to draw on each frame: boxes, panels with bars, meme faces."""

    boxes: bool = True
    bars: bool = True
    memes: bool = False

    def draw(self, image: RGBImage, tracked_frame: TrackedFrame) -> RGBImage:
        """Draw the tracked faces on a copy of their frame; each panel shows the face's track ID.

        Args:
            image: The frame, (H, W, 3) uint8 RGB.
            tracked_frame: The faces found in it.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        return annotate(
            image,
            tracked_frame.analysis,
            keep_size=True,
            boxes=self.boxes,
            bars=self.bars,
            memes=self.memes,
            names=[str(track_id) for track_id in tracked_frame.track_ids],
        )

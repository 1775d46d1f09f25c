"""What is drawn over a video's frames."""

from dataclasses import dataclass

from mememoji.drawing.annotation import annotate
from mememoji.image_io import RGBImage
from mememoji.tracking.face_tracking import Moment


@dataclass(frozen=True, slots=True)
class Overlay:
    """Which of boxes, panels with bars, and meme faces are drawn."""

    boxes: bool = True
    bars: bool = True
    memes: bool = False

    def draw(self, image: RGBImage, moment: Moment) -> RGBImage:
        """Draw a moment's faces on a copy of its frame (H, W, 3) uint8 RGB; the panels carry the faces' numbers."""
        names = [str(number) for number in moment.numbers]
        return annotate(
            image,
            moment.analysis,
            keep_size=True,
            boxes=self.boxes,
            bars=self.bars,
            memes=self.memes,
            names=names,
        )

"""From the analyses of single frames to faces that go on: numbered and smoothed."""

from dataclasses import dataclass, replace

from mememoji.results import Analysis, Face
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING, Smoother
from mememoji.tracking.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Moment:
    """The faces at one time of a video.

    Attributes:
        time: in seconds.
        analysis: the frame's, with smoothed compositions.
        numbers: each face's number, in the order of `analysis.faces`; a face keeps its own.

    Raises:
        ValueError: not one number for each face, or one number twice.
    """

    time: float
    analysis: Analysis
    numbers: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(set(self.numbers)) != len(self.analysis.faces) or len(self.numbers) != len(self.analysis.faces):
            raise ValueError(f"expected {len(self.analysis.faces)} different numbers, got {self.numbers}")

    @property
    def faces(self) -> dict[int, Face]:
        """The faces by their numbers."""
        return dict(zip(self.numbers, self.analysis.faces, strict=True))


class Follower:
    """Follows faces through a video's analyses.

    Args:
        smoothing: the time constant of their compositions in seconds; see `Smoother`.
        patience: seconds that a face may be out of sight and keep its number.
    """

    def __init__(self, smoothing: float = DEFAULT_SMOOTHING, *, patience: float = 1.0) -> None:
        self.tracker = Tracker(patience=patience)
        self.smoother = Smoother(smoothing, memory=patience)

    def follow(self, time: float, analysis: Analysis) -> Moment:
        """Take the next frame's analysis; `time`, in seconds, rises from call to call."""
        self.smoother.forget(time)
        numbers = self.tracker.update(time, [face.detection for face in analysis.faces])
        faces = tuple(
            replace(face, composition=self.smoother.smooth(time, number, face.composition))
            for number, face in zip(numbers, analysis.faces, strict=True)
        )
        return Moment(time, replace(analysis, faces=faces), numbers)

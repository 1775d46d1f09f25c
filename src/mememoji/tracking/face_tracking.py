"""Face tracking: the analyses of single frames become tracked faces with smoothed compositions."""

from dataclasses import dataclass, replace

from mememoji.results import Analysis, Face
from mememoji.tracking.scene_cuts import SceneCutDetector
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING, Smoother
from mememoji.tracking.tracker import Tracker
from mememoji.types import UInt8Array


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """The tracked faces of one frame of a video.

    Attributes:
        time: The time of the frame in seconds.
        analysis: The analysis of the frame, with smoothed compositions.
        track_ids: The track ID of each face, in the order of `analysis.faces`.

    Raises:
        ValueError: The track IDs are not distinct, or not one for each face.

    Example:
        >>> from mememoji.results import Analysis
        >>> from mememoji.tracking.face_tracking import TrackedFrame
        >>> TrackedFrame(0.0, Analysis(320, 240, (), "fake", "fake"), ()).faces
        {}
    """

    time: float
    analysis: Analysis
    track_ids: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(set(self.track_ids)) != len(self.analysis.faces) or len(self.track_ids) != len(self.analysis.faces):
            raise ValueError(f"track_ids must be {len(self.analysis.faces)} distinct numbers, got {self.track_ids}")

    @property
    def faces(self) -> dict[int, Face]:
        """The faces by track ID."""
        return dict(zip(self.track_ids, self.analysis.faces, strict=True))


class FaceTracking:
    """Tracking and smoothing for one video or stream.

    Args:
        smoothing: The time constant of the compositions in seconds; see `Smoother`.
        max_lost_seconds: The time in seconds for which a face may be lost and keep its track ID; see `Tracker`.

    Example:
        >>> from mememoji.results import Analysis, Box, Composition, Detection, Face
        >>> from mememoji.tracking.face_tracking import FaceTracking
        >>> face = Face(Detection(Box(10, 20, 64, 64)), Composition((0, 0, 1, 0, 0, 0)))
        >>> tracking = FaceTracking()
        >>> frame = tracking.update(0.0, Analysis(320, 240, (face,), "fake", "fake"))
        >>> frame.track_ids
        (1,)
        >>> frame.faces[1].top.value
        'happy'
    """

    def __init__(self, smoothing: float = DEFAULT_SMOOTHING, *, max_lost_seconds: float = 1.0) -> None:
        self.tracker = Tracker(max_lost_seconds=max_lost_seconds)
        self.smoother = Smoother(smoothing)
        self._scene_cuts = SceneCutDetector()

    def update(self, time: float, analysis: Analysis, image: UInt8Array | None = None) -> TrackedFrame:
        """Track the faces of the next frame.

        Args:
            time: The time of the frame in seconds, which must increase from call to call.
            analysis: The analysis of the frame.
            image: The frame, (H, W, 3) uint8 RGB, in which scene cuts are detected; None if there are no cuts.
        """
        detections = [face.detection for face in analysis.faces]
        is_cut = image is not None and self._scene_cuts.update(image, [detection.box for detection in detections])
        track_ids = self.tracker.update(time, detections, is_cut=is_cut)
        faces = tuple(
            replace(face, composition=self.smoother.smooth(time, track_id, face.composition))
            for track_id, face in zip(track_ids, analysis.faces, strict=True)
        )
        self.smoother.retain(self.tracker.track_ids)
        return TrackedFrame(time, replace(analysis, faces=faces), track_ids)

"""Which detectors there are, and which of them is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.detection.compact import CompactDetector
from mememoji.detection.download import YUNET, Download
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.full_image import WholeDetector
from mememoji.detection.haar import HaarDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.errors import InputError

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of detector.

    Attributes:
        name: what it is asked for by.
        summary: what it is, in a few words.
        make: makes one, from the path of a weights file where it takes one.
        weights: the file that it needs and that has to be downloaded, or None.
        takes_file: whether a weights file may be handed in.
        knows_small_faces: whether `make` takes `small_faces`.
        in_auto: whether `auto` may take it.
    """

    name: str
    summary: str
    make: Callable[..., FaceDetector]
    weights: Download | None = None
    takes_file: bool = False
    knows_small_faces: bool = False
    in_auto: bool = True

    @property
    def usable(self) -> bool:
        """Whether it can be made now, with nothing handed in."""
        return self.weights is None or self.weights.is_there()


# Best first: `auto` takes the first that is usable. A new detector is one more line.
KINDS: Final[tuple[Kind, ...]] = (
    Kind("compact", "our own small network, with landmarks", CompactDetector, takes_file=True, knows_small_faces=True),
    Kind("yunet", "a small network, with landmarks", YuNetDetector, YUNET, takes_file=True),
    Kind("haar", "OpenCV's Haar cascade, faces from the front", HaarDetector),
    Kind("whole", "the image is a face", WholeDetector, in_auto=False),
)


def make_detector(name: str = AUTO, weights: Path | None = None, *, small_faces: bool = False) -> FaceDetector:
    """Make a detector by its name.

    Args:
        name: "auto", "compact", "yunet", "haar" or "whole"; "auto" takes the best one that is usable.
        weights: a weights file, for a detector that takes one; None takes the one in the package or the downloaded
            one, checked by its hash.
        small_faces: look for faces that are small in a large image, which takes longer.

    Raises:
        InputError: an unknown name, or a weights file or small faces for a detector that knows none.
        ModelError: the weights are missing, damaged, or cannot be loaded.
    """
    kind = chosen() if name == AUTO and weights is None else kind_of(name)
    if small_faces and not kind.knows_small_faces:
        able = ", ".join(repr(other.name) for other in KINDS if other.knows_small_faces)
        raise InputError(f"the detector {kind.name!r} cannot be asked for small faces; {able} can")
    if weights is not None and not kind.takes_file:
        raise InputError(f"the detector {kind.name!r} has no weights file, got {weights}")
    if weights is None and kind.weights is not None:
        weights = kind.weights.checked()
    options = {"small_faces": True} if small_faces else {}
    return kind.make(weights, **options) if kind.takes_file else kind.make(**options)


def chosen() -> Kind:
    """The kind that `auto` takes now."""
    return next(kind for kind in KINDS if kind.in_auto and kind.usable)


def kind_of(name: str) -> Kind:
    """A kind by its name.

    Raises:
        InputError: no kind of this name.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    names = ", ".join(repr(kind.name) for kind in KINDS)
    if name == AUTO:
        raise InputError(f"a weights file needs its detector's name beside it, one of {names}; got {AUTO!r}")
    raise InputError(f"expected a detector of {AUTO!r}, {names}; got {name!r}")

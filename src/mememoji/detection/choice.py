"""Which detectors there are, and which of them is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.detection.detector import FaceDetector
from mememoji.detection.download import YUNET, Download
from mememoji.detection.haar import HaarDetector
from mememoji.detection.whole import WholeDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.errors import InputError

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of detector.

    Attributes:
        name: what it is asked for by.
        summary: what it is, in a few words.
        make: makes one, from the path of a weights file where it needs one.
        weights: its weights file, or None where it needs none.
        in_auto: whether `auto` may take it.
    """

    name: str
    summary: str
    make: Callable[..., FaceDetector]
    weights: Download | None = None
    in_auto: bool = True

    @property
    def usable(self) -> bool:
        """Whether it can be made now, with nothing handed in."""
        return self.weights is None or self.weights.is_there()


# Best first: `auto` takes the first that is usable. A new detector is one more line.
KINDS: Final[tuple[Kind, ...]] = (
    Kind("yunet", "a small network, with landmarks", YuNetDetector, YUNET),
    Kind("haar", "OpenCV's Haar cascade, faces from the front", HaarDetector),
    Kind("whole", "the picture is a face", WholeDetector, in_auto=False),
)


def make_detector(name: str = AUTO, weights: Path | None = None) -> FaceDetector:
    """Make a detector by its name.

    Args:
        name: "auto", "haar", "yunet" or "whole"; "auto" takes the best one that is usable.
        weights: a weights file, for a detector that has one; None takes the downloaded one, checked by its hash.

    Raises:
        InputError: an unknown name, or a weights file for a detector that has none.
        ModelError: the weights are missing, damaged, or cannot be loaded.
    """
    kind = chosen() if name == AUTO and weights is None else kind_of(name)
    if kind.weights is None:
        if weights is not None:
            raise InputError(f"the detector {kind.name!r} has no weights file, got {weights}")
        return kind.make()
    return kind.make(kind.weights.checked() if weights is None else weights)


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

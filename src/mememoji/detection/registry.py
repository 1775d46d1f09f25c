"""The registry of detectors, and a factory that makes one by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.detection.compact import CompactDetector
from mememoji.detection.download import YUNET, DownloadableWeights
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.full_image import FullImageDetector
from mememoji.detection.haar import HaarDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.errors import InputError

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """Registry entry of a detector.

    Attributes:
        name: The name by which users select the detector.
        summary: A description in a few words.
        factory: A callable that makes the detector, from the path of a weights file if `accepts_weights`.
        download: The weights file that has to be downloaded first, or None.
        accepts_weights: Whether users may pass a weights file.
        supports_small_faces: Whether `factory` accepts `small_faces`.
        in_auto: Whether `auto` may select it.
    """

    name: str
    summary: str
    factory: Callable[..., FaceDetector]
    download: DownloadableWeights | None = None
    accepts_weights: bool = False
    supports_small_faces: bool = False
    in_auto: bool = True

    @property
    def is_available(self) -> bool:
        """Whether the detector can be made now without passing a weights file."""
        return self.download is None or self.download.is_downloaded()


# Best first: `auto` selects the first that is available. A new detector needs one more line.
DETECTORS: Final[tuple[DetectorSpec, ...]] = (
    DetectorSpec(
        "compact",
        "the package's own small network, with landmarks",
        CompactDetector,
        accepts_weights=True,
        supports_small_faces=True,
    ),
    DetectorSpec("yunet", "a small network, with landmarks", YuNetDetector, YUNET, accepts_weights=True),
    DetectorSpec("haar", "OpenCV's Haar cascade, for frontal faces", HaarDetector),
    DetectorSpec("full-image", "the image is a face", FullImageDetector, in_auto=False),
)


def make_detector(name: str = AUTO, weights: Path | None = None, *, small_faces: bool = False) -> FaceDetector:
    """Make a face detector by its name.

    Args:
        name: "auto", "compact", "yunet", "haar" or "full-image"; "auto" selects the best one that is available.
        weights: A weights file for a detector that accepts one; None uses the file in the package or the downloaded
            one, which is checked by its hash.
        small_faces: Whether to detect faces that are small in a large image, which takes longer.

    Returns:
        The detector, with its weights loaded.

    Raises:
        InputError: The name is unknown, or the detector does not accept a weights file or small faces.
        ModelError: The weights are missing, damaged, or cannot be loaded.

    Example:
        >>> import numpy as np
        >>> from mememoji.detection.registry import make_detector
        >>> detector = make_detector("compact")
        >>> detector.name
        'compact'
        >>> detector.detect(np.zeros((480, 640, 3), np.uint8))
        []
        >>> make_detector("haar", small_faces=True)
        Traceback (most recent call last):
        ...
        mememoji.errors.InputError: the detector 'haar' does not support small faces; use 'compact'
    """
    spec = resolve_auto() if name == AUTO and weights is None else get_detector_spec(name)
    if small_faces and not spec.supports_small_faces:
        supported = ", ".join(repr(other.name) for other in DETECTORS if other.supports_small_faces)
        raise InputError(f"the detector {spec.name!r} does not support small faces; use {supported}")
    if weights is not None and not spec.accepts_weights:
        raise InputError(f"the detector {spec.name!r} does not accept a weights file, got {weights}")
    if weights is None and spec.download is not None:
        weights = spec.download.get_verified_path()
    options = {"small_faces": True} if small_faces else {}
    return spec.factory(weights, **options) if spec.accepts_weights else spec.factory(**options)


def resolve_auto() -> DetectorSpec:
    """Return the registry entry that `auto` selects now."""
    return next(spec for spec in DETECTORS if spec.in_auto and spec.is_available)


def get_detector_spec(name: str) -> DetectorSpec:
    """Return a detector's registry entry.

    Raises:
        InputError: No detector has this name.
    """
    for spec in DETECTORS:
        if spec.name == name:
            return spec
    names = ", ".join(repr(spec.name) for spec in DETECTORS)
    if name == AUTO:
        raise InputError(f"a weights file needs the name of its detector, one of {names}, got {AUTO!r}")
    raise InputError(f"detector must be one of {AUTO!r}, {names}, got {name!r}")

"""Mememoji recognizes facial expressions: how much of each of six emotions every face of an image shows.

    from mememoji import Analyzer

    analysis = Analyzer().analyze("image.jpg")
    for face in analysis.faces:
        print(face.box, face.top, face.composition)

Importing the package loads nothing else: each name is imported at its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from mememoji.version import __version__

if TYPE_CHECKING:
    from mememoji.analyzer import Analyzer
    from mememoji.drawing.annotation import annotate
    from mememoji.emotions import EMOTIONS, Emotion
    from mememoji.errors import InputError, MememojiError, ModelError, RunError
    from mememoji.image_io import ImageLimits, read_image
    from mememoji.results import Analysis, Box, Composition, Detection, Face

__all__ = [
    "EMOTIONS",
    "Analysis",
    "Analyzer",
    "Box",
    "Composition",
    "Detection",
    "Emotion",
    "Face",
    "ImageLimits",
    "InputError",
    "MememojiError",
    "ModelError",
    "RunError",
    "__version__",
    "annotate",
    "read_image",
]

_MODULES: Final = {
    "Analyzer": "analyzer",
    "annotate": "drawing.annotation",
    "EMOTIONS": "emotions",
    "Emotion": "emotions",
    "InputError": "errors",
    "MememojiError": "errors",
    "ModelError": "errors",
    "RunError": "errors",
    "Analysis": "results",
    "Box": "results",
    "Composition": "results",
    "Detection": "results",
    "Face": "results",
    "ImageLimits": "image_io",
    "read_image": "image_io",
}


# Lazy, because importing OpenCV and ONNX Runtime would make `mememoji --help` slow.
def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

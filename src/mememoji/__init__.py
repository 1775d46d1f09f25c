"""Mememoji reads facial expressions: how much of each of six emotions every face of an image shows.

    from mememoji import Analyzer

    analysis = Analyzer().analyze("image.jpg")
    for face in analysis.faces:
        print(face.box, face.top, face.composition)

Importing it does nothing else: what a name needs is loaded when it is first used.
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
    from mememoji.results import Analysis, Box, Composition, Face

__all__ = [
    "EMOTIONS",
    "Analysis",
    "Analyzer",
    "Box",
    "Composition",
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

_HOMES: Final = {
    "Analyzer": "analyzer",
    "annotate": "drawing.annotation",
    "EMOTIONS": "emotions",
    "Emotion": "emotions",
    "InputError": "errors",
    "MememojiError": "errors",
    "ModelError": "errors",
    "RunError": "errors",
    "Analysis": "faces",
    "Box": "faces",
    "Composition": "faces",
    "Face": "faces",
    "ImageLimits": "images",
    "read_image": "images",
}


# At first use and not at import: OpenCV and ONNX Runtime take longer to load than `mememoji --help` may.
def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

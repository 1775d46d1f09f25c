"""The weights in the package: nothing is downloaded to get a first result."""

from pathlib import Path

from mememoji.classification.classifier import OnnxClassifier
from mememoji.errors import ModelError


def shipped_weights() -> Path:
    """The weights file that the package holds, its card beside it.

    Raises:
        ModelError: this installation holds none.
    """
    path = Path(__file__).with_name("shipped") / "compact.onnx"
    if not path.is_file():
        raise ModelError(
            f"this installation holds no weights: expected {path}; "
            "reinstall mememoji, or name a weights file of your own"
        )
    return path


def shipped_classifier(*, threads: int | None = None) -> OnnxClassifier:
    """The classifier with the weights that the package holds.

    Raises:
        ModelError: the weights are missing or do not fit their card.
    """
    return OnnxClassifier(shipped_weights(), threads=threads)

"""The weights in the package: nothing is downloaded to get a first result."""

from pathlib import Path

from mememoji.classification.classifier import OnnxClassifier
from mememoji.weights_file import shipped_file


def shipped_weights() -> Path:
    """The weights file that the package holds, its card beside it.

    Raises:
        ModelError: this installation holds none.
    """
    return shipped_file(Path(__file__).parent, "weights")


def shipped_classifier(*, threads: int | None = None) -> OnnxClassifier:
    """The classifier with the weights that the package holds.

    Raises:
        ModelError: the weights are missing or do not fit their card.
    """
    return OnnxClassifier(shipped_weights(), threads=threads)

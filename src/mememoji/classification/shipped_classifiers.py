"""The classifiers in the package: nothing is downloaded to get a first result."""

from pathlib import Path
from typing import Final

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.errors import InputError
from mememoji.model_files import shipped_file

DEFAULT: Final = "compact"
"""The classifier that is used where none is named."""

_PACKAGE: Final = Path(__file__).parent


def classifier_names() -> tuple[str, ...]:
    """Return the names of the classifiers in the package: the default first, the others by name."""
    names = {path.stem for path in (_PACKAGE / "shipped").glob("*.onnx")}
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def shipped_weights(name: str = DEFAULT) -> Path:
    """Return the weights file of a classifier in the package, its card beside it.

    Args:
        name: one of `classifier_names()`.

    Raises:
        InputError: there is no classifier of this name.
        ModelError: the default one is missing from this installation.
    """
    names = classifier_names()
    if name not in (DEFAULT, *names):
        known = ", ".join(repr(known) for known in names)
        raise InputError(f"the classifier must be one of {known}, or the path of a weights file (.onnx), got {name!r}")
    return shipped_file(_PACKAGE, "weights", name)


def find_weights(classifier: str | Path | None = None) -> Path:
    """Find the weights file of a classifier.

    Args:
        classifier: a name of `classifier_names()`; the path of a weights file, as a `Path` or as a string that ends in
            `.onnx`; or None for the default.

    Raises:
        InputError: a string that is neither a name nor such a path.
        ModelError: the default weights are missing from this installation. A path is not checked here.
    """
    if classifier is None:
        return shipped_weights()
    if isinstance(classifier, str) and not classifier.endswith(".onnx"):
        return shipped_weights(classifier)
    return Path(classifier)


def shipped_classifier(name: str = DEFAULT, *, threads: int | None = None) -> OnnxClassifier:
    """Load a classifier in the package.

    Args:
        name: one of `classifier_names()`.
        threads: as of `OnnxClassifier`.

    Raises:
        InputError: there is no classifier of this name.
        ModelError: the weights are missing or do not fit their card.
    """
    return OnnxClassifier(shipped_weights(name), threads=threads)

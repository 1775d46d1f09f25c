"""The classifiers in the package, so that a first result needs no download."""

from pathlib import Path
from typing import Final

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.errors import InputError
from mememoji.model_files import find_shipped_file

DEFAULT: Final = "compact"
"""The name of the default classifier."""

_PACKAGE: Final = Path(__file__).parent


def list_classifiers() -> tuple[str, ...]:
    """Return the names of the shipped classifiers: the default first, the others by name."""
    names = {path.stem for path in (_PACKAGE / "shipped").glob("*.onnx")}
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def find_shipped_weights(name: str = DEFAULT) -> Path:
    """Return the weights file of a shipped classifier; its card is next to it.

    Args:
        name: One of `list_classifiers()`.

    Raises:
        InputError: No classifier has this name.
        ModelError: The default classifier is missing from this installation.
    """
    names = list_classifiers()
    if name not in (DEFAULT, *names):
        known = ", ".join(repr(known) for known in names)
        raise InputError(f"the classifier must be one of {known}, or the path of a weights file (.onnx), got {name!r}")
    return find_shipped_file(_PACKAGE, "weights", name)


def find_weights(classifier: str | Path | None = None) -> Path:
    """Return the weights file of a classifier.

    Args:
        classifier: One of `list_classifiers()`; the path of a weights file, as a `Path` or as a string that ends in
            `.onnx`; or None for the default.

    Raises:
        InputError: A string is neither a name nor such a path.
        ModelError: The default weights are missing from this installation. A given path is not checked here.
    """
    if classifier is None:
        return find_shipped_weights()
    if isinstance(classifier, str) and not classifier.endswith(".onnx"):
        return find_shipped_weights(classifier)
    return Path(classifier)


def load_shipped_classifier(name: str = DEFAULT, *, num_threads: int | None = None) -> OnnxClassifier:
    """Load a shipped classifier.

    Args:
        name: One of `list_classifiers()`.
        num_threads: The number of threads that one call may use, see `OnnxClassifier`.

    Raises:
        InputError: No classifier has this name.
        ModelError: The weights are missing or do not match their card.
    """
    return OnnxClassifier(find_shipped_weights(name), num_threads=num_threads)

"""Write golden-NAME.npz for each classifier in the package: its outputs for a seeded tensor and the astronaut's face.

    python tests/classification/write_golden.py

To be run once when other weights ship: only files that are missing or belong to other weights are written. They are
what later versions of ONNX Runtime, OpenCV and this package are held to.
"""

from pathlib import Path

import numpy as np

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import crop_faces
from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from mememoji.image_io import read_image
from mememoji.results import Box, Detection

HERE = Path(__file__).resolve().parent
ASTRONAUT = HERE.parents[1] / "docs" / "images" / "astronaut.png"
FACE = (178, 66, 95, 95)


def is_current(path: Path, classifier: OnnxClassifier) -> bool:
    """Return whether a golden file exists and belongs to these weights."""
    if not path.is_file():
        return False
    with np.load(path) as content:
        return bool(content["sha256"] == classifier.card.sha256)


def write(path: Path, classifier: OnnxClassifier) -> None:
    """Write the crops, (9, 48, 48) uint8, and each head's probabilities for them."""
    seeded = np.random.default_rng(2013).integers(0, 256, (8, 48, 48), np.uint8)
    face = crop_faces(read_image(ASTRONAUT), [Detection(Box(*FACE))], margin=0.0)
    crops = np.concatenate([seeded, face])  # (9, 48, 48)
    prediction = classifier.classify(crops)
    heads = {head: rows for head in ("labels", "votes") if (rows := getattr(prediction, head)) is not None}
    np.savez_compressed(path, crops=crops, face=np.array(FACE), sha256=np.array(classifier.card.sha256), **heads)


if __name__ == "__main__":
    for name in list_classifiers():
        path, classifier = HERE / f"golden-{name}.npz", load_shipped_classifier(name)
        if not is_current(path, classifier):
            write(path, classifier)

"""Write golden.npz: what the shipped weights say of a seeded tensor and of the astronaut's face.

    python tests/classification/write_golden.py

To be run once when other weights ship, and only then: the file is what later versions of ONNX Runtime, OpenCV and
this package are held to.
"""

from pathlib import Path

import numpy as np

from mememoji.classification.preprocessing import crop_faces
from mememoji.classification.weights import shipped_classifier
from mememoji.faces import Box
from mememoji.images import read_image

HERE = Path(__file__).resolve().parent
ASTRONAUT = HERE.parents[1] / "docs" / "pictures" / "astronaut.png"
FACE = (178, 66, 95, 95)


def write(path: Path) -> None:
    """Write the crops, (9, 48, 48) uint8, and what each head says of them."""
    classifier = shipped_classifier()
    seeded = np.random.default_rng(2013).integers(0, 256, (8, 48, 48), np.uint8)
    face = crop_faces(read_image(ASTRONAUT), [Box(*FACE)], margin=0.0)
    crops = np.concatenate([seeded, face])  # (9, 48, 48)
    prediction = classifier.classify(crops)
    heads = {head: rows for head in ("labels", "votes") if (rows := getattr(prediction, head)) is not None}
    np.savez_compressed(path, crops=crops, face=np.array(FACE), sha256=np.array(classifier.card.sha256), **heads)


if __name__ == "__main__":
    write(HERE / "golden.npz")

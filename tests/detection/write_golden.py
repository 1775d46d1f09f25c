"""Write golden.npz: what the shipped detector says of the astronaut's portrait and of a seeded image.

    python tests/detection/write_golden.py

To be run once when other weights ship, and only then: the file is what later versions of ONNX Runtime, OpenCV and
this package are held to.
"""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from mememoji.detection.compact import CompactDetector, shipped_weights
from mememoji.image_io import read_image

HERE = Path(__file__).resolve().parent
ASTRONAUT = HERE.parents[1] / "docs" / "images" / "astronaut.png"


def write(path: Path) -> None:
    """Write a seeded image (64, 96, 3) with the network's answers, and what is detected in the portrait."""
    seeded = np.random.default_rng(2026).integers(0, 256, (64, 96, 3), np.uint8)
    session = onnxruntime.InferenceSession(shipped_weights(), providers=["CPUExecutionProvider"])
    (answers,) = session.run(["answers"], {"pictures": cv2.dnn.blobFromImage(seeded)})
    detector = CompactDetector()
    (face,) = detector.detect(read_image(ASTRONAUT))
    np.savez_compressed(
        path,
        sha256=np.array(detector.card.sha256),
        seeded=seeded,
        answers=answers,
        box=np.array(face.box.xyxy),
        confidence=np.array(face.confidence),
        landmarks=np.array(face.landmarks),
    )


if __name__ == "__main__":
    write(HERE / "golden.npz")

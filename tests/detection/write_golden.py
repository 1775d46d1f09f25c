"""Write golden.npz: the outputs of the shipped detector for the astronaut's portrait and a seeded image.

    python tests/detection/write_golden.py

Run it only when the shipped weights change: later versions of ONNX Runtime, OpenCV and this package are tested against
the file.
"""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from mememoji.detection.compact import CompactDetector, find_shipped_weights
from mememoji.image_io import read_image

HERE = Path(__file__).resolve().parent
ASTRONAUT = HERE.parents[1] / "docs" / "images" / "astronaut.png"


def write(path: Path) -> None:
    """Write a seeded image (64, 96, 3) with the network's outputs, and the detection in the portrait."""
    seeded = np.random.default_rng(2026).integers(0, 256, (64, 96, 3), np.uint8)
    session = onnxruntime.InferenceSession(find_shipped_weights(), providers=["CPUExecutionProvider"])
    (outputs,) = session.run(["outputs"], {"images": cv2.dnn.blobFromImage(seeded)})
    detector = CompactDetector()
    (face,) = detector.detect(read_image(ASTRONAUT))
    np.savez_compressed(
        path,
        sha256=np.array(detector.card.sha256),
        seeded=seeded,
        outputs=outputs,
        box=np.array(face.box.xyxy),
        confidence=np.array(face.confidence),
        landmarks=np.array(face.landmarks),
    )


if __name__ == "__main__":
    write(HERE / "golden.npz")

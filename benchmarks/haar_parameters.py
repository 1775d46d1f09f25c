"""Recall and precision of the Haar cascade over its parameters, and the curve from its weights to a confidence.

    python benchmarks/haar_parameters.py FACES/val.parquet --calibrate FACES/train.parquet

The files hold images with face boxes: columns `image` (JPEG), `faces` and `ignore` (lists of x, y, w, h).
A detection and a face match from an intersection over union of 0.4 on, by descending confidence. Faces lower than
`--height`, detections lower than it that match nothing, and detections that touch an ignored area are not counted.
"""

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression

from mememoji.detection.haar import CASCADE, HALF_PRECISION_WEIGHT, WEIGHT_SPREAD, HaarDetector
from mememoji.image_io import read_image
from mememoji.results import Box

MATCH = 0.4
WEIGHTS = (-math.inf, 1.0, 1.5, 2.0, 3.0)
ALT2 = "haarcascade_frontalface_alt2.xml"
SETTINGS: tuple[tuple[str, float, int], ...] = (
    (CASCADE, 1.05, 5),
    (CASCADE, 1.1, 3),
    (CASCADE, 1.1, 5),
    (CASCADE, 1.15, 2),
    (CASCADE, 1.15, 3),
    (CASCADE, 1.15, 4),
    (CASCADE, 1.2, 2),
    (CASCADE, 1.2, 3),
    (ALT2, 1.1, 3),
)

Found = list[tuple[float, bool]]
"""Counted detections: weight, and whether it matches a labeled face of at least the minimum height."""


def read_images(
    path: Path, max_images: int | None, seed: int
) -> Iterator[tuple[npt.NDArray[np.uint8], list[Box], list[Box]]]:
    table = pq.read_table(path, columns=["image", "faces", "ignore"])
    rows: npt.NDArray[Any] = np.arange(len(table))
    if max_images is not None and max_images < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, max_images, replace=False))
    for row in rows:
        record = table.slice(row, 1).to_pylist()[0]
        image = read_image(record["image"])
        yield image, to_boxes(record["faces"], image), to_boxes(record["ignore"], image)


def to_boxes(rectangles: Sequence[Sequence[float]], image: npt.NDArray[np.uint8]) -> list[Box]:
    height, width = image.shape[:2]
    boxes = (Box.from_xyxy((x, y, x + w, y + h), (width, height)) for x, y, w, h in rectangles)
    return [box for box in boxes if box is not None]


def measure(
    detector: HaarDetector, path: Path, height: int, max_images: int | None = None, seed: int = 0
) -> tuple[Found, int, float]:
    """Return the detections, the number of faces, and milliseconds per image."""
    found: Found = []
    faces, spent, count = 0, 0.0, 0
    for image, truth, ignored in read_images(path, max_images, seed):
        began = time.perf_counter()
        detections = detector.detect(image)
        spent += time.perf_counter() - began
        count += 1
        faces += sum(face.height >= height for face in truth)
        unmatched = list(truth)
        for detection in detections:
            box, weight = detection.box, weight_from_confidence(detection.confidence or 0.0)
            best = max(unmatched, key=box.iou, default=None)
            if best is not None and box.iou(best) >= MATCH:
                unmatched.remove(best)
                if best.height >= height:
                    found.append((weight, True))
            elif box.height >= height and not any(box.iou(area) > 0 for area in ignored):
                found.append((weight, False))
    return found, faces, spent / max(count, 1) * 1e3


def weight_from_confidence(confidence: float) -> float:
    """Return the cascade's weight from the confidence."""
    return HALF_PRECISION_WEIGHT + WEIGHT_SPREAD * 2 * math.atanh(2 * confidence - 1) if confidence < 1 else math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("--calibrate", type=Path, help="other images, to fit the confidence")
    parser.add_argument("--calibrate-images", type=int, default=1000)
    parser.add_argument("--height", type=int, default=32, help="minimum height of counted faces, in pixels")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    cv2.setNumThreads(1)

    named = ", ".join("any" if min_weight == -math.inf else f">= {min_weight:g}" for min_weight in WEIGHTS)
    print(f"recall / precision (false positives) at a minimum weight of {named}\n")
    print("| cascade | step | neighbors | ms per image | " + " | ".join(named.split(", ")) + " |")
    print("|---|---|---|---|" + "---|" * len(WEIGHTS))
    for cascade, scale, neighbors in SETTINGS:
        detector = HaarDetector(cascade=cascade, scale_factor=scale, min_neighbors=neighbors, min_weight=-math.inf)
        found, faces, spent = measure(detector, args.faces, args.height)
        cells = []
        for min_weight in WEIGHTS:
            matches = [hit for weight, hit in found if weight >= min_weight]
            right = sum(matches)
            cells.append(f"{right / faces:.3f} / {right / max(len(matches), 1):.3f} ({len(matches) - right})")
        short = cascade.removeprefix("haarcascade_").removesuffix(".xml")
        print(f"| `{short}` | {scale} | {neighbors} | {spent:.0f} | " + " | ".join(cells) + " |", flush=True)

    if args.calibrate is not None:
        # Without a minimum height: users see the confidence of small faces too.
        found, _, _ = measure(HaarDetector(min_weight=-math.inf), args.calibrate, 1, args.calibrate_images, args.seed)
        weights = np.array([[weight] for weight, _ in found])
        curve = LogisticRegression(C=1e6).fit(weights, [hit for _, hit in found])
        slope, intercept = float(curve.coef_[0, 0]), float(curve.intercept_[0])
        print(
            f"\nconfidence, fitted on {len(found)} detections: half at {-intercept / slope:.2f}, spread {1 / slope:.2f}"
        )


if __name__ == "__main__":
    main()

"""Recall and precision of the Haar cascade over its parameters, and the curve from its weights to a confidence.

    python benchmarks/haar_parameters.py FACES/val.parquet --calibrate FACES/train.parquet

The files hold images with face boxes: columns `image` (JPEG), `faces` and `ignore` (lists of x, y, w, h).
A detection and a face match from an intersection over union of 0.4 on, the surest detection first. Faces lower than
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

from mememoji.detection.haar import CASCADE, HALF_WEIGHT, WEIGHT_SPREAD, HaarDetector
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
"""Detections that count, each with its weight and whether it is a face of the truth that is high enough."""


def photos(path: Path, at_most: int | None, seed: int) -> Iterator[tuple[npt.NDArray[np.uint8], list[Box], list[Box]]]:
    table = pq.read_table(path, columns=["image", "faces", "ignore"])
    rows: npt.NDArray[Any] = np.arange(len(table))
    if at_most is not None and at_most < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, at_most, replace=False))
    for row in rows:
        record = table.slice(row, 1).to_pylist()[0]
        image = read_image(record["image"])
        yield image, boxes_of(record["faces"], image), boxes_of(record["ignore"], image)


def boxes_of(rectangles: Sequence[Sequence[float]], image: npt.NDArray[np.uint8]) -> list[Box]:
    height, width = image.shape[:2]
    boxes = (Box.inside((x, y, x + w, y + h), (width, height)) for x, y, w, h in rectangles)
    return [box for box in boxes if box is not None]


def measure(
    detector: HaarDetector, path: Path, height: int, at_most: int | None = None, seed: int = 0
) -> tuple[Found, int, float]:
    """What was found, how many faces there are, and milliseconds per image."""
    found: Found = []
    faces, spent, count = 0, 0.0, 0
    for image, truth, ignored in photos(path, at_most, seed):
        began = time.perf_counter()
        detections = detector.detect(image)
        spent += time.perf_counter() - began
        count += 1
        faces += sum(face.height >= height for face in truth)
        open_faces = list(truth)
        for detection in detections:
            box, weight = detection.box, weight_of(detection.confidence or 0.0)
            best = max(open_faces, key=box.iou, default=None)
            if best is not None and box.iou(best) >= MATCH:
                open_faces.remove(best)
                if best.height >= height:
                    found.append((weight, True))
            elif box.height >= height and not any(box.iou(area) > 0 for area in ignored):
                found.append((weight, False))
    return found, faces, spent / max(count, 1) * 1e3


def weight_of(confidence: float) -> float:
    """Back from the confidence to the cascade's weight."""
    return HALF_WEIGHT + WEIGHT_SPREAD * 2 * math.atanh(2 * confidence - 1) if confidence < 1 else math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("--calibrate", type=Path, help="other images, for the curve of confidence")
    parser.add_argument("--calibrate-photos", type=int, default=1000)
    parser.add_argument("--height", type=int, default=32, help="of the lowest face that counts, in pixels")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cv2.setNumThreads(1)

    named = ", ".join("any" if least == -math.inf else f">= {least:g}" for least in WEIGHTS)
    print(f"recall / precision (false alarms) at a last weight of {named}\n")
    print("| cascade | step | neighbors | ms per image | " + " | ".join(named.split(", ")) + " |")
    print("|---|---|---|---|" + "---|" * len(WEIGHTS))
    for cascade, scale, neighbors in SETTINGS:
        detector = HaarDetector(cascade=cascade, scale=scale, neighbors=neighbors, min_weight=-math.inf)
        found, faces, spent = measure(detector, given.faces, given.height)
        cells = []
        for least in WEIGHTS:
            hits = [hit for weight, hit in found if weight >= least]
            right = sum(hits)
            cells.append(f"{right / faces:.3f} / {right / max(len(hits), 1):.3f} ({len(hits) - right})")
        short = cascade.removeprefix("haarcascade_").removesuffix(".xml")
        print(f"| `{short}` | {scale} | {neighbors} | {spent:.0f} | " + " | ".join(cells) + " |", flush=True)

    if given.calibrate is not None:
        # Without a height: a caller sees the confidence of every face, low ones too.
        found, _, _ = measure(
            HaarDetector(min_weight=-math.inf), given.calibrate, 1, given.calibrate_photos, given.seed
        )
        weights = np.array([[weight] for weight, _ in found])
        curve = LogisticRegression(C=1e6).fit(weights, [hit for _, hit in found])
        slope, intercept = float(curve.coef_[0, 0]), float(curve.intercept_[0])
        print(
            f"\nconfidence, fitted on {len(found)} detections: half at {-intercept / slope:.2f}, spread {1 / slope:.2f}"
        )


if __name__ == "__main__":
    main()

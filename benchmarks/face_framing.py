"""How the crop of a found face is best framed: margin, roll from which it is aligned, and where its size comes from.

    python -m benchmarks.face_framing EXPRESSIONS/val.parquet
    python -m benchmarks.face_framing images/ --margins -0.05 0 --min-rolls 0 20

Labeled images are evaluated from end to end, as `mememoji evaluate --images` does it: class folders, or Parquet. The
largest face is found once and cropped in each way; images without a face are errors. Accuracy is in percent of six
classes, with the class of the lowest recall; p is McNemar's against the crop as users get it.

With `--sizes`, a crop's size is also derived from the landmarks: the root of the squared distances between the eyes and
from the eyes to the mouth, times the median ratio of the box's longer side to it; "both" is the geometric mean with the
box's longer side. The center remains the box's.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.analyzer import Analyzer
from mememoji.classification.face_classifier import Prediction
from mememoji.classification.preprocess import MIN_ROLL, crop_faces
from mememoji.emotions import FER2013_LABELS
from mememoji.evaluation.classification.decision_rules import (
    COMPOSITION,
    LABELS_SIX,
    ClassProbabilities,
    apply_decision_rules,
    score_rule,
)
from mememoji.evaluation.classification.labeled_faces import find_largest_face, get_stored_face, open_labeled_images
from mememoji.evaluation.markdown import format_percent
from mememoji.evaluation.metrics import mcnemar
from mememoji.image_io import RGBImage
from mememoji.landmarks import Landmarks
from mememoji.results import Box, Detection

MARGINS: Final = (-0.1, -0.075, -0.05, -0.025, 0.0, 0.025, 0.05)
MIN_ROLLS: Final = (20.0, 10.0, 5.0, 0.0)
NEVER: Final = 181.0
"""A roll that no face has: nothing is aligned."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An image (H, W, 3) uint8, its label (an index into `FER2013_LABELS`) and its largest face, if there is one."""

    image: RGBImage
    label: int
    face: Detection | None


def read_samples(path: Path, analyzer: Analyzer, *, use_boxes: bool) -> list[Sample]:
    """Read labeled images and find the largest face of each."""
    samples = []
    for labeled in open_labeled_images(path)[0]:
        if 0 <= labeled.label < len(FER2013_LABELS):
            image = labeled.decode()
            face = get_stored_face(labeled, image) if use_boxes else find_largest_face(analyzer, image)
            samples.append(Sample(image, labeled.label, face))
    return samples


def landmark_size(landmarks: Landmarks) -> float:
    """Return a face's size in pixels by its eyes and mouth."""
    right_eye, left_eye, _, right_corner, left_corner = np.array(landmarks)
    down = (right_corner + left_corner - right_eye - left_eye) / 2
    return math.hypot(*(left_eye - right_eye), *down)


def resize_box(box: Box, size: float, image: RGBImage) -> Box:
    """Return a square box of another size around the same center, cut at the image's edges."""
    x, y, half = box.x + box.width / 2, box.y + box.height / 2, size / 2
    resized = Box.from_xyxy((x - half, y - half, x + half, y + half), (image.shape[1], image.shape[0]))
    return box if resized is None else resized


def size_boxes(samples: Sequence[Sample], source: str) -> list[Box]:
    """Return the boxes of found faces, their size from the "box", the "landmarks" or "both"."""
    faces = [(sample.image, sample.face) for sample in samples if sample.face is not None]
    if source == "box":
        return [face.box for _, face in faces]
    sides = [max(face.box.width, face.box.height) for _, face in faces]
    sizes = [0.0 if face.landmarks is None else landmark_size(face.landmarks) for _, face in faces]
    ratio = float(np.median([side / size for side, size in zip(sides, sizes, strict=True) if size]))
    boxes = []
    for (image, face), side, size in zip(faces, sides, sizes, strict=True):
        by_landmarks = ratio * size or side
        boxes.append(
            resize_box(face.box, by_landmarks if source == "landmarks" else math.sqrt(by_landmarks * side), image)
        )
    return boxes


def classify(
    analyzer: Analyzer, samples: Sequence[Sample], boxes: Sequence[Box], margin: float, min_roll: float
) -> Prediction:
    """Crop and classify the faces that were found."""
    found = [(sample.image, sample.face) for sample in samples if sample.face is not None]
    crops = [
        crop_faces(
            image,
            [Detection(box, landmarks=face.landmarks)],
            margin=margin,
            size=analyzer.classifier.card.input_size,
            min_roll=min_roll,
        )
        for (image, face), box in zip(found, boxes, strict=True)
    ]
    return analyzer.classifier.classify(np.concatenate(crops))


def print_row(
    name: str,
    found: dict[str, ClassProbabilities],
    base: dict[str, ClassProbabilities],
    labels: npt.NDArray[np.int64],
    no_face: list[int],
) -> None:
    cells = []
    for reading in (COMPOSITION, LABELS_SIX):
        if reading in found:
            scores = score_rule(found[reading], labels, no_face=np.array(no_face, np.int64)).scores
            lowest, recall = scores.lowest_recall
            p_value = mcnemar(found[reading].is_correct(labels), base[reading].is_correct(labels)).p_value
            cells += [format_percent(scores.accuracy), f"{p_value:.2g}", f"{format_percent(recall)} ({lowest})"]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path, help="class folders, or Parquet with the columns image and label")
    parser.add_argument("--weights", type=Path, help="the classifier's ONNX file; the weights that ship if not given")
    parser.add_argument("--detector", default="auto", help="how faces are found")
    parser.add_argument("--use-boxes", action="store_true", help="take the Parquet file's boxes and landmarks")
    parser.add_argument("--margins", type=float, nargs="+", default=MARGINS)
    parser.add_argument("--min-rolls", type=float, nargs="+", default=MIN_ROLLS, help="degrees; besides never")
    parser.add_argument("--sizes", action="store_true", help="derive sizes from landmarks too")
    args = parser.parse_args()
    cv2.setNumThreads(1)

    analyzer = Analyzer(args.detector, args.weights)
    samples = read_samples(args.images, analyzer, use_boxes=args.use_boxes)
    labels = np.array([sample.label for sample in samples if sample.face is not None], np.int64)
    no_face = [sample.label for sample in samples if sample.face is None]
    print(
        f"{analyzer.classifier.card.name} on {args.images.name}, {len(samples)} images, {len(no_face)} without a "
        f"face; {'stored boxes' if args.use_boxes else analyzer.detector.name}, margin {analyzer.margin:g}\n"
    )
    boxes = {source: size_boxes(samples, source) for source in (("box", "landmarks", "both")[: 3 if args.sizes else 1])}
    base = apply_decision_rules(classify(analyzer, samples, boxes["box"], analyzer.margin, MIN_ROLL))
    print("| size from, aligned from, margin | composition | p | lowest recall | labels head, 6 | p | lowest recall |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for source, sized in boxes.items():
        for min_roll in (NEVER, *args.min_rolls):
            for margin in args.margins:
                found = apply_decision_rules(classify(analyzer, samples, sized, margin, min_roll))
                name = f"{source}, {'never' if min_roll == NEVER else f'{min_roll:g}°'}, {margin:+.3f}"
                print_row(name, found, base, labels, no_face)


if __name__ == "__main__":
    main()

"""Non-face rejection: false detections rejected by the face score, against faces rejected by mistake.

    python -m benchmarks.not_a_face data/fer2013/val.parquet --images FACES/val.parquet
        [--hard-negatives FACES/train.parquet] [--weights net.onnx]

Faces: FER2013's images that at most half of FER+'s annotators call "unknown" or "not a face", and the labeled faces of
at least 32 pixels in the images. Non-faces: FER2013's other images, and crops of the images: background at random
positions and sizes, and false positives of our detector and of OpenCV's Haar cascade, at their default and at a low
threshold. Of the file of hard negatives only the animals are used that training holds out. Prints Markdown.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import find_shipped_weights
from mememoji.datasets.detection_images import DetectionSample, read_detection_samples
from mememoji.datasets.negatives import extract_crops, make_low_threshold_detectors
from mememoji.datasets.splits import read_split
from mememoji.detection.compact import CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import HaarDetector

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

Crops = npt.NDArray[np.uint8]


def collect_crops(samples: Sequence[DetectionSample], seed: int) -> dict[str, Crops]:
    """Return crops (N, 48, 48) uint8 by their origin."""
    found: dict[str, list[Crops]] = defaultdict(list)
    default: list[FaceDetector] = [HaarDetector(), CompactDetector()]
    for how, detectors in (("low threshold", make_low_threshold_detectors()), ("default threshold", default)):
        for kind, crops in extract_crops(samples, detectors, np.random.default_rng(seed)):
            if kind not in ("faces", "background"):
                found[f"{kind}, {how}"].append(crops)
            elif how == "low threshold":
                found[kind].append(crops)
    return {kind: np.concatenate(parts) for kind, parts in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a split file with votes")
    parser.add_argument("--images", type=Path, action="append", default=[], help="Parquet of images with boxes")
    parser.add_argument("--hard-negatives", type=Path, help="the same, of which only the held-out animals are used")
    parser.add_argument("--weights", type=Path, help="an ONNX file with its card; the shipped weights if not given")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    cv2.setNumThreads(2)

    split = read_split(args.data)
    if split.votes is None:
        raise SystemExit(f"{args.data} must have votes; prepare it with --votes")
    is_non_face = 2 * split.votes[:, 8:].sum(axis=1, dtype=int) > split.votes.sum(axis=1, dtype=int)
    crops = {
        f"{args.data.stem}: faces": split.images[~is_non_face],
        f"{args.data.stem}: non-faces": split.images[is_non_face],
    }
    samples = [sample for path in args.images for sample in read_detection_samples(path)]
    if args.hard_negatives:
        samples += [sample for sample in read_detection_samples(args.hard_negatives) if sample.is_hard_negative]
    crops |= collect_crops(samples, args.seed)
    classifier = OnnxClassifier(args.weights or find_shipped_weights())
    print(f"{classifier.card.name}, {classifier.card.precision}, seed {args.seed}\n")
    head = " | ".join(f"{threshold:g}" for threshold in THRESHOLDS)
    print(f"Crops with a face score below …, in percent\n\n| crops | N | median | {head} |")
    print("|---" * (3 + len(THRESHOLDS)) + "|")
    for name, images in crops.items():
        if not len(images):
            continue
        face_scores = classifier.classify(images).compute_face_scores()
        if face_scores is None:
            raise SystemExit("the weights must have a votes head")
        under = " | ".join(f"{100 * float((face_scores < threshold).mean()):.1f}" for threshold in THRESHOLDS)
        print(f"| {name} | {len(images):,} | {np.median(face_scores):.3f} | {under} |")


if __name__ == "__main__":
    main()

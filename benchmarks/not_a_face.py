"""How many false detections face-likeness catches, against how many faces it loses.

    python -m benchmarks.not_a_face data/fer2013/val.parquet --photos FACES/val.parquet --held-out FACES/train.parquet
        [--weights net.onnx]

Faces: FER2013's images that no more than half of FER+'s annotators call "unknown" or "not a face", and those of
32 pixels or more of the images. No faces: FER2013's other images, and crops from the
images: background at random places and sizes where there is no face, and what our own detector and OpenCV's Haar
cascade take for a face where there is none, both as they are set and when they see one as soon as there is any sign of
it. Of the held-out file only the animals count that trainings leave out. Prints Markdown.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import shipped_weights
from mememoji.datasets.detection_images import Photograph, read_photographs
from mememoji.datasets.negatives import cut, eager_detectors
from mememoji.datasets.splits import read_split
from mememoji.detection.compact import CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import HaarDetector

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

Crops = npt.NDArray[np.uint8]


def collected(photographs: Sequence[Photograph], seed: int) -> dict[str, Crops]:
    """Crops (N, 48, 48) by what they are cut from."""
    found: dict[str, list[Crops]] = defaultdict(list)
    usual: list[FaceDetector] = [HaarDetector(), CompactDetector()]
    for how, detectors in (("eager", eager_detectors()), ("as set", usual)):
        for kind, crops in cut(photographs, detectors, np.random.default_rng(seed)):
            if kind not in ("faces", "background"):
                found[f"{kind}, {how}"].append(crops)
            elif how == "eager":
                found[kind].append(crops)
    return {kind: np.concatenate(parts) for kind, parts in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a split file with votes")
    parser.add_argument("--photos", type=Path, action="append", default=[], help="Parquet of images with boxes")
    parser.add_argument("--held-out", type=Path, help="the same, of which only the held-out animals count")
    parser.add_argument("--weights", type=Path, help="an ONNX file, its card beside it; else the weights that ship")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    cv2.setNumThreads(2)

    split = read_split(asked.data)
    if split.votes is None:
        raise SystemExit(f"{asked.data} holds no votes, so nobody says which of its images are faces")
    faceless = 2 * split.votes[:, 8:].sum(axis=1, dtype=int) > split.votes.sum(axis=1, dtype=int)
    crops = {
        f"{asked.data.stem}: faces": split.images[~faceless],
        f"{asked.data.stem}: no faces": split.images[faceless],
    }
    photographs = [photograph for path in asked.photos for photograph in read_photographs(path)]
    if asked.held_out:
        photographs += [photograph for photograph in read_photographs(asked.held_out) if photograph.is_held_out]
    crops |= collected(photographs, asked.seed)
    classifier = OnnxClassifier(asked.weights or shipped_weights())
    print(f"{classifier.card.name}, {classifier.card.precision}, seed {asked.seed}\n")
    head = " | ".join(f"{threshold:g}" for threshold in THRESHOLDS)
    print(f"Share of crops under a face-likeness of …, in percent\n\n| crops | N | median | {head} |")
    print("|---" * (3 + len(THRESHOLDS)) + "|")
    for name, images in crops.items():
        if not len(images):
            continue
        likeness = classifier.classify(images).face_likeness()
        if likeness is None:
            raise SystemExit("these weights have no votes head, so they cannot tell a face")
        under = " | ".join(f"{100 * float((likeness < threshold).mean()):.1f}" for threshold in THRESHOLDS)
        print(f"| {name} | {len(images):,} | {np.median(likeness):.3f} | {under} |")


if __name__ == "__main__":
    main()

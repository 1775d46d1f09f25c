"""Margin around a detector's box that gives the framing of FER2013's crops.

    python benchmarks/crop_margin.py data/prepared/val.parquet \\
        --backbackgrounds FACES/val.parquet --yunet face_detection_yunet_2023mar.onnx --weights net.onnx --rolls

Faces are pasted, two to four times as large, into images without faces; each detector looks for them there.

1. Geometry, which needs no network: where the 48x48 frame lies relative to the detected box. A frame that is r times
   the box's longer side asks for a margin of (r - 1) / 2; an offset between the two centers asks for a shift.
2. Accuracy by margin, with `--weights`: crops are cut as `mememoji predict` cuts them and classified, beside the same
   faces' original crops. A margin that reaches beyond the paste shows background where a true image would go on,
   and what lies within the frame is seen as in FER2013: so this measure favors margins up to the frame, and falls off
   too fast beyond it. The geometry is the check on it.
3. Accuracy by roll, with `--rolls`: faces are pasted once more, rotated by up to 45 degrees to either side, and cropped
   without and with alignment by the detector's landmarks.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import CROP_SIZE, crop_faces
from mememoji.datasets.splits import Split, read_split
from mememoji.detection.compact import CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import HaarDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.image_io import read_image
from mememoji.landmarks import Landmarks
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

MARGINS = tuple(step / 20 for step in range(-2, 9))
SHIFTS = tuple(step / 50 for step in range(-5, 6))
ROLLS = (0.0, 15.0, 30.0, 45.0)
SCALES = (2.0, 4.0)
PADDING = 0.75
"""Background on each side of a pasted face, as a fraction of its size: more than the largest margin."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A pasted face that was found: index in the split, image, frame of the pasted face, detected box and landmarks."""

    index: int
    image: UInt8Array
    frame: Box
    box: Box
    landmarks: Landmarks | None

    @property
    def ratio(self) -> float:
        """The frame's side as a fraction of the box's longer side."""
        return self.frame.width / max(self.box.width, self.box.height)

    @property
    def offset(self) -> tuple[float, float]:
        """From the box's center to the frame's, right and down, as a fraction of the box's longer side."""
        side = max(self.box.width, self.box.height)
        right = self.frame.x + self.frame.width / 2 - self.box.x - self.box.width / 2
        down = self.frame.y + self.frame.height / 2 - self.box.y - self.box.height / 2
        return right / side, down / side


def backbackgrounds(path: Path | None, rng: np.random.Generator) -> list[UInt8Array]:
    """Images without faces; without a file, smooth random fields."""
    if path is None:
        fields = rng.integers(0, 256, (40, 6, 8), np.uint8)
        return [np.asarray(cv2.resize(field, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8) for field in fields]
    table = pq.read_table(path, columns=["image", "faces", "ignore"])
    rows = [row for row in table.to_pylist() if not row["faces"] and not row["ignore"]]
    return [np.asarray(cv2.cvtColor(read_image(row["image"]), cv2.COLOR_RGB2GRAY), np.uint8) for row in rows]


def paste(face: UInt8Array, ground: UInt8Array, rng: np.random.Generator, roll: float = 0.0) -> tuple[UInt8Array, Box]:
    """Paste an enlarged face (48, 48), rotated by `roll` degrees, at a random position of a background (H, W).

    Returns gray (H, W) uint8 and the frame of the face without rotation.
    """
    side = round(CROP_SIZE * rng.uniform(*SCALES))
    padding = round(side * PADDING)
    enlarge = max(1.0, (side + 2 * padding) / min(ground.shape))
    if enlarge > 1:
        size = np.ceil(np.array(ground.shape[::-1]) * enlarge).astype(int).tolist()
        ground = np.asarray(cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    height, width = ground.shape
    left = int(rng.integers(padding, width - side - padding + 1))
    top = int(rng.integers(padding, height - side - padding + 1))
    image = ground.copy()
    large = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
    if roll:
        matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), -roll, 1.0)
        matrix[:, 2] += left, top
        inside = cv2.warpAffine(np.full_like(large, 255), matrix, (width, height))
        rotated = cv2.warpAffine(large, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        image = np.where(inside > 127, rotated, image)
    else:
        image[top : top + side, left : left + side] = large
    return image, Box(left, top, side, side)


def find_faces(detector: FaceDetector, pasted: Sequence[tuple[int, UInt8Array, Box]]) -> list[FoundFace]:
    """The pasted faces that a detector finds: the box with the largest intersection over union, from 0.25 on."""
    found_faces = []
    for index, image, frame in pasted:
        best = max(detector.detect(read_image(image)), key=lambda found: frame.iou(found.box), default=None)
        if best is not None and frame.iou(best.box) >= 0.25:
            found_faces.append(FoundFace(index, image, frame, best.box, best.landmarks))
    return found_faces


def shift_box(found: FoundFace, right: float, down: float) -> Box:
    """The box moved by fractions of its longer side, kept inside the image."""
    side = max(found.box.width, found.box.height)
    left, top, width, height = found.box.x, found.box.y, found.box.width, found.box.height
    x = min(max(round(left + right * side), 0), found.image.shape[1] - width)
    y = min(max(round(top + down * side), 0), found.image.shape[0] - height)
    return Box(x, y, width, height)


def compute_accuracy(classifier: OnnxClassifier, crops: UInt8Array, labels: npt.NDArray[np.int8]) -> float:
    """Return the fraction of crops whose top class of seven is their label."""
    predictions = classifier.classify(crops).labels
    if predictions is None:
        raise SystemExit("the weights must have a labels head")
    return float((predictions.argmax(axis=1) == labels).mean())


def cut(found_faces: Sequence[FoundFace], margin: float, down: float = 0.0) -> UInt8Array:
    crops = [crop_faces(s.image, [Detection(shift_box(s, 0.0, down))], margin=margin) for s in found_faces]
    return np.concatenate(crops)  # N times (1, 48, 48) -> (N, 48, 48)


def print_geometry(found_faces: Sequence[FoundFace]) -> None:
    ratios = np.array([found.ratio for found in found_faces])
    offsets = np.array([found.offset for found in found_faces])
    aspects = np.array([found.box.width / found.box.height for found in found_faces])
    print("\n| quantity | 10 % | 25 % | median | 75 % | 90 % |\n|---|---|---|---|---|---|")
    for name, values in (
        ("frame side / box's longer side", ratios),
        ("margin that it asks for", (ratios - 1) / 2),
        ("frame's center, right of the box's", offsets[:, 0]),
        ("frame's center, below the box's", offsets[:, 1]),
        ("box width / height", aspects),
    ):
        cells = " | ".join(f"{value:+.3f}" for value in np.percentile(values, (10, 25, 50, 75, 90)))
        print(f"| {name} | {cells} |")


def print_accuracy(classifier: OnnxClassifier, found_faces: Sequence[FoundFace], faces: Split) -> None:
    found = faces.take(np.array([found.index for found in found_faces]))
    print(f"\nThe same faces' original crops: {100 * compute_accuracy(classifier, found.images, found.labels):.1f} %.")
    scores = {margin: compute_accuracy(classifier, cut(found_faces, margin), found.labels) for margin in MARGINS}
    print("\n| margin | " + " | ".join(f"{margin:+.2f}" for margin in scores) + " |\n|---" + "|---" * len(scores) + "|")
    print("| accuracy, % | " + " | ".join(f"{100 * score:.1f}" for score in scores.values()) + " |")
    best = max(scores, key=lambda margin: scores[margin])
    shifts = {down: compute_accuracy(classifier, cut(found_faces, best, down), found.labels) for down in SHIFTS}
    print(f"\nAt margin {best:+.2f}, with the crop moved down by fractions of the box's longer side:\n")
    print("| shift | " + " | ".join(f"{down:+.2f}" for down in shifts) + " |\n|---" + "|---" * len(shifts) + "|")
    print("| accuracy, % | " + " | ".join(f"{100 * score:.1f}" for score in shifts.values()) + " |")


def paste_all(
    faces: Split, backgrounds: Sequence[UInt8Array], rng: np.random.Generator, roll: float = 0.0
) -> list[tuple[int, UInt8Array, Box]]:
    """Paste each face on a random background, rotated by `roll` degrees to a random side."""
    pasted = []
    for index, face in enumerate(faces.images):
        side = -1.0 if rng.random() < 0.5 else 1.0
        pasted.append((index, *paste(face, backgrounds[int(rng.integers(len(backgrounds)))], rng, side * roll)))
    return pasted


def print_rolls(
    detector: FaceDetector, classifier: OnnxClassifier, faces: Split, backgrounds: Sequence[UInt8Array], seed: int
) -> None:
    print("\n| roll | found | unaligned, % | aligned, % |\n|---|---|---|---|")
    for roll in ROLLS:
        found_faces = find_faces(detector, paste_all(faces, backgrounds, np.random.default_rng(seed), roll))
        if not found_faces:
            print(f"| {roll:g} | 0 | | |")
            continue
        labels = faces.take(np.array([found.index for found in found_faces])).labels
        cells = []
        for align in (False, True):
            crops = [
                crop_faces(s.image, [Detection(s.box, landmarks=s.landmarks)], margin=detector.margin, align=align)
                for s in found_faces
            ]
            cells.append(f"{100 * compute_accuracy(classifier, np.concatenate(crops), labels):.1f}")
        print(f"| {roll:g} | {len(found_faces)} of {len(faces)} | {cells[0]} | {cells[1]} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a split file: faces of 48x48")
    parser.add_argument("--backbackgrounds", type=Path, help="Parquet of images: columns image, faces, ignore")
    parser.add_argument("--compact", type=Path, help="our detector's weights; the shipped ones if not given")
    parser.add_argument("--yunet", type=Path, help="YuNet's weights file")
    parser.add_argument("--weights", type=Path, help="the classifier's ONNX file, its card beside it")
    parser.add_argument("--only", metavar="NAME", help="measure this detector alone: compact, haar or yunet")
    parser.add_argument("--rolls", action="store_true", help="measure rotated faces too; needs --weights")
    parser.add_argument("--count", type=int, default=1000, help="number of faces")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    cv2.setNumThreads(1)

    rng = np.random.default_rng(args.seed)
    split = read_split(args.data)
    faces = split.take(np.sort(rng.choice(len(split), min(args.count, len(split)), replace=False)))
    backgrounds = backbackgrounds(args.backbackgrounds, rng)
    pasted = paste_all(faces, backgrounds, rng)
    classifier = OnnxClassifier(args.weights, num_threads=1) if args.weights else None
    detectors: list[FaceDetector] = [CompactDetector(args.compact, num_threads=1), HaarDetector()]
    if args.yunet:
        detectors.append(YuNetDetector(args.yunet))

    print(f"{len(faces)} faces of {args.data.name} on {len(backgrounds)} backbackgrounds, seed {args.seed}")
    for detector in detectors:
        if args.only not in (None, detector.name):
            continue
        found_faces = find_faces(detector, pasted)
        print(
            f"\n## {detector.name}\n\nFound {len(found_faces)} of {len(pasted)}, {len(found_faces) / len(pasted):.1%}."
        )
        if found_faces:
            print_geometry(found_faces)
            if classifier is not None:
                print_accuracy(classifier, found_faces, faces)
                if args.rolls and found_faces[0].landmarks is not None:
                    print_rolls(detector, classifier, faces, backgrounds, args.seed)


if __name__ == "__main__":
    main()

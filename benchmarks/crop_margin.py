"""Which margin around a detector's box gives the framing that FER2013's crops have.

    python benchmarks/crop_margin.py data/prepared/val.parquet \\
        --backgrounds FACES/val.parquet --yunet face_detection_yunet_2023mar.onnx --weights net.onnx --tilts

Faces are pasted, two to four times as large, into images without faces; each detector looks for them there.

1. Geometry, which needs no network: where the 48x48 frame lies relative to the detected box. A frame that is r times
   the box's longer side asks for a margin of (r - 1) / 2; an offset between the two centers asks for a shift.
2. Accuracy by margin, with `--weights`: crops are cut as `mememoji predict` cuts them and classified, beside the same
   faces' original crops. A margin that reaches beyond the paste shows background where a true image would go on,
   and what lies within the frame is seen as in FER2013: so this measure favors margins up to the frame, and falls off
   too fast beyond it. The geometry is the check on it.
3. Accuracy by tilt, with `--tilts`: faces are pasted once more, leaning by up to 45 degrees to either side, and cut as
   they are and turned upright by the detector's landmarks.
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
from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.splits import SIDE, Split, read_split
from mememoji.detection.compact import CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import HaarDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.image_io import read_image
from mememoji.results import Box, Landmarks, tilt_of

MARGINS = tuple(step / 20 for step in range(-2, 9))
SHIFTS = tuple(step / 50 for step in range(-5, 6))
TILTS = (0.0, 15.0, 30.0, 45.0)
SCALES = (2.0, 4.0)
ROOM = 0.75
"""The background on each side of a paste, in parts of its side: more than the largest margin."""

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A pasted face that was found: its place in the split, the image, the paste's frame, what the detector says."""

    index: int
    image: Image
    frame: Box
    box: Box
    landmarks: Landmarks | None

    @property
    def ratio(self) -> float:
        """The frame's side in parts of the box's longer side."""
        return self.frame.width / max(self.box.width, self.box.height)

    @property
    def offset(self) -> tuple[float, float]:
        """From the box's center to the frame's, right and down, in parts of the box's longer side."""
        side = max(self.box.width, self.box.height)
        right = self.frame.x + self.frame.width / 2 - self.box.x - self.box.width / 2
        down = self.frame.y + self.frame.height / 2 - self.box.y - self.box.height / 2
        return right / side, down / side


def backgrounds(path: Path | None, rng: np.random.Generator) -> list[Image]:
    """Images without faces; without a file, smooth random fields."""
    if path is None:
        fields = rng.integers(0, 256, (40, 6, 8), np.uint8)
        return [np.asarray(cv2.resize(field, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8) for field in fields]
    table = pq.read_table(path, columns=["image", "faces", "ignore"])
    rows = [row for row in table.to_pylist() if not row["faces"] and not row["ignore"]]
    return [np.asarray(cv2.cvtColor(read_image(row["image"]), cv2.COLOR_RGB2GRAY), np.uint8) for row in rows]


def paste(face: Image, ground: Image, rng: np.random.Generator, tilt: float = 0.0) -> tuple[Image, Box]:
    """Lay an enlarged face (48, 48), leaning by `tilt` degrees, somewhere on a ground (H, W).

    Gives gray (H, W) and the face's frame, as if it did not lean.
    """
    side = round(SIDE * rng.uniform(*SCALES))
    room = round(side * ROOM)
    enlarge = max(1.0, (side + 2 * room) / min(ground.shape))
    if enlarge > 1:
        size = np.ceil(np.array(ground.shape[::-1]) * enlarge).astype(int).tolist()
        ground = np.asarray(cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    height, width = ground.shape
    left = int(rng.integers(room, width - side - room + 1))
    top = int(rng.integers(room, height - side - room + 1))
    picture = ground.copy()
    large = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
    if tilt:
        matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), -tilt, 1.0)
        matrix[:, 2] += left, top
        inside = cv2.warpAffine(np.full_like(large, 255), matrix, (width, height))
        leaning = cv2.warpAffine(large, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        picture = np.where(inside > 127, leaning, picture)
    else:
        picture[top : top + side, left : left + side] = large
    return picture, Box(left, top, side, side)


def look(detector: FaceDetector, pasted: Sequence[tuple[int, Image, Box]]) -> list[Sighting]:
    """The pasted faces that a detector finds: the box with the largest intersection over union, from 0.25 on."""
    sightings = []
    for index, image, frame in pasted:
        best = max(detector.detect(read_image(image)), key=lambda found: frame.iou(found.box), default=None)
        if best is not None and frame.iou(best.box) >= 0.25:
            sightings.append(Sighting(index, image, frame, best.box, best.landmarks))
    return sightings


def shifted(sighting: Sighting, right: float, down: float) -> Box:
    """The box moved by parts of its longer side, kept inside the image."""
    side = max(sighting.box.width, sighting.box.height)
    left, top, width, height = sighting.box.x, sighting.box.y, sighting.box.width, sighting.box.height
    x = min(max(round(left + right * side), 0), sighting.image.shape[1] - width)
    y = min(max(round(top + down * side), 0), sighting.image.shape[0] - height)
    return Box(x, y, width, height)


def accuracy(classifier: OnnxClassifier, crops: Image, labels: npt.NDArray[np.int8]) -> float:
    """The share of crops whose likeliest of the seven classes is their label."""
    answers = classifier.classify(crops).labels
    if answers is None:
        raise SystemExit("these weights have no head for the seven classes, so they have no accuracy here")
    return float((answers.argmax(axis=1) == labels).mean())


def cut(sightings: Sequence[Sighting], margin: float, down: float = 0.0) -> Image:
    crops = [crop_faces(s.image, [shifted(s, 0.0, down)], margin=margin) for s in sightings]
    return np.concatenate(crops)  # N times (1, 48, 48) -> (N, 48, 48)


def print_geometry(sightings: Sequence[Sighting]) -> None:
    ratios = np.array([sighting.ratio for sighting in sightings])
    offsets = np.array([sighting.offset for sighting in sightings])
    aspects = np.array([sighting.box.width / sighting.box.height for sighting in sightings])
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


def print_accuracy(classifier: OnnxClassifier, sightings: Sequence[Sighting], faces: Split) -> None:
    found = faces.take(np.array([sighting.index for sighting in sightings]))
    print(f"\nThe same faces' original crops: {100 * accuracy(classifier, found.images, found.labels):.1f} %.")
    scores = {margin: accuracy(classifier, cut(sightings, margin), found.labels) for margin in MARGINS}
    print("\n| margin | " + " | ".join(f"{margin:+.2f}" for margin in scores) + " |\n|---" + "|---" * len(scores) + "|")
    print("| accuracy, % | " + " | ".join(f"{100 * score:.1f}" for score in scores.values()) + " |")
    best = max(scores, key=lambda margin: scores[margin])
    shifts = {down: accuracy(classifier, cut(sightings, best, down), found.labels) for down in SHIFTS}
    print(f"\nAt margin {best:+.2f}, with the crop moved down by parts of the box's longer side:\n")
    print("| shift | " + " | ".join(f"{down:+.2f}" for down in shifts) + " |\n|---" + "|---" * len(shifts) + "|")
    print("| accuracy, % | " + " | ".join(f"{100 * score:.1f}" for score in shifts.values()) + " |")


def paste_all(
    faces: Split, grounds: Sequence[Image], rng: np.random.Generator, tilt: float = 0.0
) -> list[tuple[int, Image, Box]]:
    """Every face on some background, leaning by `tilt` degrees to one side or the other."""
    pasted = []
    for index, face in enumerate(faces.images):
        side = -1.0 if rng.random() < 0.5 else 1.0
        pasted.append((index, *paste(face, grounds[int(rng.integers(len(grounds)))], rng, side * tilt)))
    return pasted


def print_tilts(
    detector: FaceDetector, classifier: OnnxClassifier, faces: Split, grounds: Sequence[Image], seed: int
) -> None:
    print("\n| tilt | found | as they lie, % | turned upright, % |\n|---|---|---|---|")
    for tilt in TILTS:
        sightings = look(detector, paste_all(faces, grounds, np.random.default_rng(seed), tilt))
        if not sightings:
            print(f"| {tilt:g} | 0 | | |")
            continue
        labels = faces.take(np.array([sighting.index for sighting in sightings])).labels
        cells = []
        for upright in (False, True):
            crops = [
                crop_faces(s.image, [s.box], margin=detector.margin, tilts=[tilt_of(s.landmarks) if upright else 0.0])
                for s in sightings
            ]
            cells.append(f"{100 * accuracy(classifier, np.concatenate(crops), labels):.1f}")
        print(f"| {tilt:g} | {len(sightings)} of {len(faces)} | {cells[0]} | {cells[1]} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a split file: faces of 48x48")
    parser.add_argument("--backgrounds", type=Path, help="Parquet of images: columns image, faces, ignore")
    parser.add_argument("--compact", type=Path, help="our detector's weights, if not those that ship")
    parser.add_argument("--yunet", type=Path, help="YuNet's weights file")
    parser.add_argument("--weights", type=Path, help="the classifier's ONNX file, its card beside it")
    parser.add_argument("--only", metavar="NAME", help="measure this detector alone: compact, haar or yunet")
    parser.add_argument("--tilts", action="store_true", help="measure tilted faces too; needs --weights")
    parser.add_argument("--count", type=int, default=1000, help="how many faces")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cv2.setNumThreads(1)

    rng = np.random.default_rng(given.seed)
    split = read_split(given.data)
    faces = split.take(np.sort(rng.choice(len(split), min(given.count, len(split)), replace=False)))
    grounds = backgrounds(given.backgrounds, rng)
    pasted = paste_all(faces, grounds, rng)
    classifier = OnnxClassifier(given.weights, threads=1) if given.weights else None
    detectors: list[FaceDetector] = [CompactDetector(given.compact, threads=1), HaarDetector()]
    if given.yunet:
        detectors.append(YuNetDetector(given.yunet))

    print(f"{len(faces)} faces of {given.data.name} on {len(grounds)} backgrounds, seed {given.seed}")
    for detector in detectors:
        if given.only not in (None, detector.name):
            continue
        sightings = look(detector, pasted)
        print(f"\n## {detector.name}\n\nFound {len(sightings)} of {len(pasted)}, {len(sightings) / len(pasted):.1%}.")
        if sightings:
            print_geometry(sightings)
            if classifier is not None:
                print_accuracy(classifier, sightings, faces)
                if given.tilts and sightings[0].landmarks is not None:
                    print_tilts(detector, classifier, faces, grounds, given.seed)


if __name__ == "__main__":
    main()

"""How many false detections face-likeness catches, against how many faces it loses.

    python benchmarks/not_a_face.py data/fer2013/val.parquet --photos FACES/val.parquet [--weights net.onnx]

Faces: FER2013's pictures that no more than half of FER+'s annotators call "unknown" or "not a face", and the boxes of
32 pixels or more of the photographs, with a margin of a tenth. No faces: FER2013's other pictures, and crops from the
photographs without a face: at random places and sizes ("background"), where OpenCV's Haar cascade at its lowest
threshold sees one all the same ("alarms"), and where it does so as Mememoji sets it ("alarms as set"). The photographs
are Parquet with the columns image, faces, ignore; --photos may be given twice. Prints Markdown.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from mememoji.classification.classifier import OnnxClassifier
from mememoji.classification.preprocessing import crop_faces
from mememoji.classification.weights import shipped_weights
from mememoji.datasets.splits import read_split
from mememoji.detection.haar import HaarDetector
from mememoji.faces import Box
from mememoji.images import read_image

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
LEAST_SIDE = 32
PER_PHOTO = 8
MARGIN = 0.1

Crops = npt.NDArray[np.uint8]


def photographs(path: Path) -> Iterator[tuple[Crops, list[list[float]], bool]]:
    """RGB pictures with their face boxes (x, y, width, height), and whether some part of them is doubtful."""
    for batch in pq.ParquetFile(path).iter_batches(64, columns=["image", "faces", "ignore"]):
        for row in batch.to_pylist():
            yield read_image(row["image"]), row["faces"], bool(row["ignore"])


def collected(paths: list[Path], seed: int) -> dict[str, Crops]:
    """Crops (N, 48, 48) by what they are cut from."""
    rng = np.random.default_rng(seed)
    # As many false alarms as the cascade can be made to give: no weight asked for, one window is enough.
    haar = HaarDetector(neighbours=1, min_weight=-10.0)
    found: dict[str, list[Crops]] = {"boxes of faces": [], "background": [], "alarms": [], "alarms as set": []}
    usual = HaarDetector()
    for path in paths:
        for image, faces, doubtful in photographs(path):
            height, width = image.shape[:2]
            boxes = [Box.inside((x, y, x + w, y + h), (width, height)) for x, y, w, h in faces]
            large = [box for box in boxes if box is not None and min(box.width, box.height) >= LEAST_SIDE]
            found["boxes of faces"].append(crop_faces(image, large, margin=MARGIN))
            if faces or doubtful:
                continue
            sides = np.exp(rng.uniform(np.log(LEAST_SIDE), np.log(max(min(height, width), LEAST_SIDE + 1)), PER_PHOTO))
            random = [
                Box(int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1)), side, side)
                for side in sides.astype(int).tolist()
                if side <= min(height, width)
            ]
            found["background"].append(crop_faces(image, random, margin=0.0))
            for name, detector in (("alarms", haar), ("alarms as set", usual)):
                alarms = [detection.box for detection in detector.detect(image)]
                found[name].append(crop_faces(image, alarms, margin=detector.margin))
    return {name: np.concatenate(parts) for name, parts in found.items() if parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a split file with votes")
    parser.add_argument("--photos", type=Path, action="append", default=[], help="Parquet of photographs with boxes")
    parser.add_argument("--weights", type=Path, help="an ONNX file, its card beside it; else the weights that ship")
    parser.add_argument("--write", type=Path, help="a folder for the crops, for `mememoji train --non-faces`")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    cv2.setNumThreads(2)

    split = read_split(asked.data)
    if split.votes is None:
        raise SystemExit(f"{asked.data} holds no votes, so nobody says which of its pictures are faces")
    faceless = 2 * split.votes[:, 8:].sum(axis=1, dtype=int) > split.votes.sum(axis=1, dtype=int)
    crops = {
        f"{asked.data.stem}: faces": split.images[~faceless],
        f"{asked.data.stem}: no faces": split.images[faceless],
    }
    crops |= collected(asked.photos, asked.seed)
    if asked.write:
        asked.write.mkdir(parents=True, exist_ok=True)
        for name in ("background", "alarms"):
            for number, crop in enumerate(crops[name]):
                cv2.imwrite(str(asked.write / f"{name}-{number:05}.png"), crop)
    classifier = OnnxClassifier(asked.weights or shipped_weights())
    print(f"{classifier.card.name}, {classifier.card.precision}, seed {asked.seed}\n")
    head = " | ".join(f"{threshold:g}" for threshold in THRESHOLDS)
    print(f"Share of crops under a face-likeness of …, in percent\n\n| crops | N | median | {head} |")
    print("|---" * (3 + len(THRESHOLDS)) + "|")
    for name, cut in crops.items():
        if not len(cut):
            continue
        likeness = classifier.classify(cut).face_likeness()
        if likeness is None:
            raise SystemExit("these weights have no votes head, so they cannot tell a face")
        under = " | ".join(f"{100 * float((likeness < threshold).mean()):.1f}" for threshold in THRESHOLDS)
        print(f"| {name} | {len(cut):,} | {np.median(likeness):.3f} | {under} |")


if __name__ == "__main__":
    main()

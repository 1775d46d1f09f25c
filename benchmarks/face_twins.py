"""How many copies of held-out faces `data faces --against` finds, by how differently they are cropped.

    python -m benchmarks.face_twins PATCHES.parquet

Each patch of the file, which comes with a box, is cropped twice: as `data faces` does it, and as a dataset of another
origin might: tighter or wider, moved by up to 4 %, mirrored three times of ten, blurred, with another brightness and
contrast, as JPEG. Compared are the search at one scale and at all of `WINDOWS`. Pairs of different patches that count
are look-alikes, or copies within the file.
"""

import argparse
import itertools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import CROP_SIZE, to_gray
from mememoji.datasets.face_sets.face_cutter import FaceCutter
from mememoji.datasets.face_sets.face_duplicates import WINDOWS, find_held_out_duplicates
from mememoji.datasets.face_sets.face_source import FaceSource, read_faces
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.face_sets.labeled_parquet import read_labeled_parquet
from mememoji.detection.compact import CompactDetector
from mememoji.image_io import encode_jpeg, read_image

SCALES = (0.78, 0.85, 0.9, 0.95, 1.05, 1.1, 1.18, 1.28)


def crop_otherwise(labeled: LabeledImage, scale: float, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Crop a face `scale` times as wide as `data faces` does it: (48, 48) uint8, gray."""
    gray = to_gray(labeled.decode())
    assert labeled.box is not None
    x, y, width, height = labeled.box
    side = max(width, height) * scale
    left, top = (np.array([x + width / 2, y + height / 2]) - side / 2 + rng.uniform(-0.04, 0.04, 2) * side).tolist()
    step = side / CROP_SIZE
    matrix = np.array([[step, 0, left + (step - 1) / 2], [0, step, top + (step - 1) / 2]], np.float32)
    blurred = cv2.GaussianBlur(gray, (0, 0), 0.4 * max(step, 0.75))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(blurred, matrix, (CROP_SIZE, CROP_SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.3:
        crop = crop[:, ::-1]
    lit = np.clip(crop * rng.uniform(0.8, 1.15) + rng.uniform(-15, 15), 0, 255).astype(np.uint8)
    return read_image(encode_jpeg(lit, quality=75))[:, :, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patches", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    patches = list(read_labeled_parquet(args.patches, "patches"))
    faces = read_faces(FaceSource(args.patches), FaceCutter(CompactDetector())).faces
    scales = rng.uniform(SCALES[0], SCALES[-1], len(patches))
    copies = np.array([crop_otherwise(patch, scale, rng) for patch, scale in zip(patches, scales, strict=True)])
    found = []
    for windows in (WINDOWS[:1], WINDOWS):
        duplicates = find_held_out_duplicates(faces, copies, windows=windows)
        own = [duplicate.face for duplicate in duplicates if duplicate.face == duplicate.held_out]
        found.append(np.isin(np.arange(len(faces)), own))
        others = sum(duplicate.face != duplicate.held_out for duplicate in duplicates)
        print(f"{len(windows)} windows: {found[-1].mean():.1%} of {len(faces)} copies; {others} other pairs")
    print("\n| scale of the copy | copies | one window, % | all windows, % |\n|---|---|---|---|")
    for low, high in itertools.pairwise(SCALES):
        within = (scales >= low) & (scales < high)
        one, every = (100 * some[within].mean() for some in found)
        print(f"| {low:.2f} to {high:.2f} | {within.sum()} | {one:.0f} | {every:.0f} |")


if __name__ == "__main__":
    main()

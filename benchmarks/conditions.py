"""How far the shipped weights' accuracy falls on images that are worse than FER2013's.

    python -m benchmarks.conditions data/fer2013/val.parquet [--weights net.onnx]
    python -m benchmarks.conditions --face face.png --sheet sheet.png

Val's crops are made smaller, darker, blurred, covered and so on, each condition alone, and read as they then are: no
detector is asked and nothing is turned upright. Prints a Markdown record, where p is how likely
so large a difference from the first row would be by chance (McNemar). `--sheet` draws a face under each condition.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.provenance import commit, machine, today
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import resize_crop, to_gray
from mememoji.classification.shipped_classifiers import shipped_weights
from mememoji.datasets.splits import read_split
from mememoji.evaluation.classification.scores import score_pass
from mememoji.evaluation.metrics import mcnemar
from mememoji.image_io import read_image

Crop = npt.NDArray[np.uint8]
Change = Callable[[Crop, np.random.Generator], npt.NDArray[np.generic]]

GRAY: Final = 128


def shrunk(pixels: int) -> Change:
    return lambda crop, _: resize_crop(resize_crop(crop, pixels), len(crop))


def blurred(sigma: float) -> Change:
    return lambda crop, _: np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma))


def lit(gain: float) -> Change:
    return lambda crop, _: crop * gain


def flattened(contrast: float) -> Change:
    return lambda crop, _: crop.mean() + (crop - crop.mean()) * contrast


def lit_from_the_left(least: float) -> Change:
    return lambda crop, _: crop * np.linspace(1.0, least, crop.shape[1])


def noisy(sigma: float) -> Change:
    return lambda crop, chance: crop + chance.normal(0, sigma, crop.shape)


def compressed(quality: int) -> Change:
    def change(crop: Crop, _: np.random.Generator) -> Crop:
        data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return change


def moved(*, degrees: float = 0.0, zoom: float = 1.0, down: float = 0.0) -> Change:
    """Turned, zoomed and moved down, by parts of the side, as a box that is off shows a face."""

    def change(crop: Crop, _: np.random.Generator) -> Crop:
        middle = (len(crop) - 1) / 2
        matrix = cv2.getRotationMatrix2D((middle, middle), degrees, zoom)
        matrix[1, 2] += down * len(crop)
        return np.asarray(cv2.warpAffine(crop, matrix, crop.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)

    return change


def covered(left: float, top: float, right: float, bottom: float) -> Change:
    def change(crop: Crop, _: np.random.Generator) -> Crop:
        out = crop.copy()
        x, y, end_x, end_y = (round(part * len(crop)) for part in (left, top, right, bottom))
        out[y:end_y, x:end_x] = GRAY
        return out

    return change


CONDITIONS: Final[dict[str, Change]] = {
    "as they are": lambda crop, _: crop,
    "32 pixels": shrunk(32),
    "24 pixels": shrunk(24),
    "16 pixels": shrunk(16),
    "12 pixels": shrunk(12),
    "8 pixels": shrunk(8),
    "blurred, sigma 1": blurred(1.0),
    "blurred, sigma 2": blurred(2.0),
    "half the light": lit(0.5),
    "an eighth of the light": lit(0.125),
    "twice the light, clipped": lit(2.0),
    "a quarter of the contrast": flattened(0.25),
    "light from one side, down to a fifth": lit_from_the_left(0.2),
    "noise, sigma 10": noisy(10.0),
    "noise, sigma 25": noisy(25.0),
    "JPEG, quality 30": compressed(30),
    "JPEG, quality 10": compressed(10),
    "turned by 15 degrees": moved(degrees=15.0),
    "turned by 30 degrees": moved(degrees=30.0),
    "turned by 45 degrees": moved(degrees=45.0),
    "box a fifth too large": moved(zoom=1 / 1.2),
    "box a fifth too small": moved(zoom=1.2),
    "box a tenth too high": moved(down=0.1),
    "eyes covered": covered(0.1, 0.25, 0.9, 0.45),
    "mouth covered": covered(0.2, 0.65, 0.8, 0.95),
    "one half covered": covered(0.5, 0.0, 1.0, 1.0),
}


def changed(crops: Crop, change: Change, seed: int = 0) -> Crop:
    """Crops (N, H, W) under a condition."""
    chance = np.random.default_rng(seed)
    return np.stack([np.clip(np.rint(np.asarray(change(crop, chance), np.float64)), 0, 255) for crop in crops]).astype(
        np.uint8
    )


def sheet(crop: Crop) -> npt.NDArray[np.uint8]:
    """One face under every condition, seven a row, each four times as large."""
    tiles = [changed(crop[None], change)[0] for change in CONDITIONS.values()]
    tiles += [np.full_like(crop, 255)] * (-len(tiles) % 7)
    rows = [
        np.hstack([np.pad(tile, 1, constant_values=255) for tile in tiles[n : n + 7]]) for n in range(0, len(tiles), 7)
    ]
    return np.kron(np.vstack(rows), np.ones((4, 4), np.uint8))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a split file with votes")
    parser.add_argument("--weights", type=Path, help="an ONNX file, its card beside it; else the weights that ship")
    parser.add_argument("--sheet", type=Path, help="draw each condition to this PNG file instead")
    parser.add_argument("--face", type=Path, help="the sheet's face, an image of it alone")
    asked = parser.parse_args()
    if asked.sheet:
        if asked.face is None:
            parser.error("a sheet is of a --face")
        cv2.imwrite(str(asked.sheet), sheet(resize_crop(to_gray(read_image(asked.face)))))
        return
    if asked.data is None:
        parser.error("DATA is what to measure on, a --sheet what to draw in its place")
    split = read_split(asked.data)
    classifier = OnnxClassifier(asked.weights or shipped_weights())
    print(f"{today()}, {machine()}, commit {commit()}, {classifier.card.name}, {len(split.images):,} images\n")
    print("| crops | accuracy, 7 | p | variation | cosine | lowest recall | not taken for a face, % |")
    print("|---|---|---|---|---|---|---|")
    usual: npt.NDArray[np.bool_] | None = None
    for name, change in CONDITIONS.items():
        prediction = classifier.classify(changed(split.images, change))
        scores = score_pass(prediction, split)
        likeness = prediction.face_likeness()
        if prediction.labels is None or scores.seven is None or scores.votes is None or likeness is None:
            raise SystemExit("weights with both heads and images with votes are needed")
        right = prediction.labels.argmax(axis=1) == split.labels
        usual = right if usual is None else usual
        chance = "" if right is usual else f"{mcnemar(right, usual).p_value:.2g}"
        six, recalls = scores.votes.six, scores.seven.recall
        lowest = min(recalls, key=recalls.__getitem__)
        print(
            f"| {name} | {100 * scores.seven.accuracy:.1f} | {chance} | {six.total_variation:.3f} | {six.cosine:.3f} | "
            f"{lowest}, {100 * recalls[lowest]:.0f} | {100 * float((likeness < 0.5).mean()):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

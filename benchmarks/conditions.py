"""Corruption robustness: how far the accuracy of the weights falls on corrupted crops of val.

    python -m benchmarks.conditions data/fer2013/val.parquet [--weights net.onnx]
    python -m benchmarks.conditions --face face.png --sheet sheet.png

Crops of val are downscaled, darkened, blurred, occluded and so on, one corruption at a time, and classified without
detection and alignment. Prints a Markdown record; p is McNemar's against the first row. `--sheet` draws a face under
each corruption.
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
from mememoji.classification.shipped_classifiers import find_shipped_weights
from mememoji.datasets.splits import read_split
from mememoji.evaluation.classification.scores import score_prediction
from mememoji.evaluation.metrics import mcnemar
from mememoji.image_io import read_image

Crop = npt.NDArray[np.uint8]
Corruption = Callable[[Crop, np.random.Generator], npt.NDArray[np.generic]]

GRAY: Final = 128


def downscale(pixels: int) -> Corruption:
    return lambda crop, _: resize_crop(resize_crop(crop, pixels), len(crop))


def blur(sigma: float) -> Corruption:
    return lambda crop, _: np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma))


def scale_brightness(gain: float) -> Corruption:
    return lambda crop, _: crop * gain


def reduce_contrast(contrast: float) -> Corruption:
    return lambda crop, _: crop.mean() + (crop - crop.mean()) * contrast


def add_side_light(min_gain: float) -> Corruption:
    return lambda crop, _: crop * np.linspace(1.0, min_gain, crop.shape[1])


def add_noise(sigma: float) -> Corruption:
    return lambda crop, generator: crop + generator.normal(0, sigma, crop.shape)


def compress_jpeg(quality: int) -> Corruption:
    def change(crop: Crop, _: np.random.Generator) -> Crop:
        data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return change


def transform(*, degrees: float = 0.0, zoom: float = 1.0, down: float = 0.0) -> Corruption:
    """Return a rotation, zoom and downward shift, as a fraction of the side: an inaccurate box."""

    def change(crop: Crop, _: np.random.Generator) -> Crop:
        center = (len(crop) - 1) / 2
        matrix = cv2.getRotationMatrix2D((center, center), degrees, zoom)
        matrix[1, 2] += down * len(crop)
        return np.asarray(cv2.warpAffine(crop, matrix, crop.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)

    return change


def occlude(left: float, top: float, right: float, bottom: float) -> Corruption:
    def change(crop: Crop, _: np.random.Generator) -> Crop:
        out = crop.copy()
        x, y, end_x, end_y = (round(fraction * len(crop)) for fraction in (left, top, right, bottom))
        out[y:end_y, x:end_x] = GRAY
        return out

    return change


CORRUPTIONS: Final[dict[str, Corruption]] = {
    "clean": lambda crop, _: crop,
    "32 pixels": downscale(32),
    "24 pixels": downscale(24),
    "16 pixels": downscale(16),
    "12 pixels": downscale(12),
    "8 pixels": downscale(8),
    "blurred, sigma 1": blur(1.0),
    "blurred, sigma 2": blur(2.0),
    "half the light": scale_brightness(0.5),
    "an eighth of the light": scale_brightness(0.125),
    "twice the light, clipped": scale_brightness(2.0),
    "a quarter of the contrast": reduce_contrast(0.25),
    "light from one side, down to a fifth": add_side_light(0.2),
    "noise, sigma 10": add_noise(10.0),
    "noise, sigma 25": add_noise(25.0),
    "JPEG, quality 30": compress_jpeg(30),
    "JPEG, quality 10": compress_jpeg(10),
    "turned by 15 degrees": transform(degrees=15.0),
    "turned by 30 degrees": transform(degrees=30.0),
    "turned by 45 degrees": transform(degrees=45.0),
    "box a fifth too large": transform(zoom=1 / 1.2),
    "box a fifth too small": transform(zoom=1.2),
    "box a tenth too high": transform(down=0.1),
    "eyes covered": occlude(0.1, 0.25, 0.9, 0.45),
    "mouth covered": occlude(0.2, 0.65, 0.8, 0.95),
    "one half covered": occlude(0.5, 0.0, 1.0, 1.0),
}


def corrupt(crops: Crop, corruption: Corruption, seed: int = 0) -> Crop:
    """Apply a corruption to each crop (N, H, W) uint8."""
    generator = np.random.default_rng(seed)
    return np.stack(
        [np.clip(np.rint(np.asarray(corruption(crop, generator), np.float64)), 0, 255) for crop in crops]
    ).astype(np.uint8)


def draw_sheet(crop: Crop) -> npt.NDArray[np.uint8]:
    """Draw a face under each corruption, seven per row, enlarged four times."""
    tiles = [corrupt(crop[None], corruption)[0] for corruption in CORRUPTIONS.values()]
    tiles += [np.full_like(crop, 255)] * (-len(tiles) % 7)
    rows = [
        np.hstack([np.pad(tile, 1, constant_values=255) for tile in tiles[n : n + 7]]) for n in range(0, len(tiles), 7)
    ]
    return np.kron(np.vstack(rows), np.ones((4, 4), np.uint8))


def main() -> None:
    """Measure and print a Markdown record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a split file with votes")
    parser.add_argument("--weights", type=Path, help="an ONNX file with its card; the shipped weights if not given")
    parser.add_argument("--sheet", type=Path, help="draw each corruption to this PNG file instead")
    parser.add_argument("--face", type=Path, help="an image of one face, for --sheet")
    args = parser.parse_args()
    if args.sheet:
        if args.face is None:
            parser.error("--sheet needs --face")
        cv2.imwrite(str(args.sheet), draw_sheet(resize_crop(to_gray(read_image(args.face)))))
        return
    if args.data is None:
        parser.error("a split file or --sheet must be given")
    split = read_split(args.data)
    classifier = OnnxClassifier(args.weights or find_shipped_weights())
    print(f"{today()}, {machine()}, commit {commit()}, {classifier.card.name}, {len(split.images):,} images\n")
    print("| crops | accuracy, 7 | p | variation | cosine | lowest recall | false rejections, % |")
    print("|---|---|---|---|---|---|---|")
    clean: npt.NDArray[np.bool_] | None = None
    for name, corruption in CORRUPTIONS.items():
        prediction = classifier.classify(corrupt(split.images, corruption))
        scores = score_prediction(prediction, split)
        face_scores = prediction.compute_face_scores()
        if prediction.labels is None or scores.fer7 is None or scores.votes is None or face_scores is None:
            raise SystemExit("weights with both heads and images with votes are needed")
        correct = prediction.labels.argmax(axis=1) == split.labels
        clean = correct if clean is None else clean
        p_value = "" if correct is clean else f"{mcnemar(correct, clean).p_value:.2g}"
        six, recalls = scores.votes.six, scores.fer7.recall
        lowest = min(recalls, key=recalls.__getitem__)
        print(
            f"| {name} | {100 * scores.fer7.accuracy:.1f} | {p_value} "
            f"| {six.total_variation:.3f} | {six.cosine:.3f} | "
            f"{lowest}, {100 * recalls[lowest]:.0f} | {100 * float((face_scores < 0.5).mean()):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

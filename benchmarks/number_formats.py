"""Accuracy and speed of precisions: float32, float16 and variants of int8 of one weights file, in one run.

    python -m benchmarks.number_formats compact-float16.onnx data/fer2013 [--part scores|rates] [--rounds 9]

Scores are on val, single pass, uncalibrated. "Flips" are images whose top class differs from float32's; the
distance is the RMS difference of the log probabilities. Rates are crops per second through `OnnxClassifier.classify`
with two threads, medians of rounds in which the variants take turns. Prints Markdown.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from benchmarks.provenance import commit, machine, today
from mememoji.classification.face_classifier import Prediction
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.conversion.convert_weights import convert, write_calibrated
from mememoji.conversion.quantization import sample_calibration_crops
from mememoji.datasets.splits import Split, read_split
from mememoji.evaluation.classification.scores import score_prediction

VARIANTS: dict[str, tuple[str, dict[str, object]]] = {
    "float32": ("float32", {}),
    "float16": ("float16", {}),
    "int8": ("int8", {}),
    "int8, minmax": ("int8", {"calibration_method": "minmax"}),
    "int8, entropy": ("int8", {"calibration_method": "entropy"}),
    "int8, filters of 8 bits": ("int8", {"reduce_range": False}),
    "int8, first convolution float": ("int8", {"keep_first_float": True}),
}
BATCHES = (256, 32, 1)


def convert_variants(weights: Path, folder: Path, crops: npt.NDArray[np.uint8]) -> dict[str, Path]:
    """Convert the weights to each variant and return the files by name."""
    bare = folder / "bare.onnx"
    write_calibrated(weights, bare, {})
    files = {}
    for number, (name, (precision, how)) in enumerate(VARIANTS.items()):
        files[name] = folder / f"{number}.onnx"
        convert(bare, files[name], precision, crops, **how)
    return files


def print_scores(files: dict[str, Path], val: Split) -> None:
    print("| variant | accuracy, 7 | flips, % | distance | composition: variation | cosine | MB |\n" + "|---" * 7 + "|")
    first: Prediction | None = None
    for name, file in files.items():
        prediction = OnnxClassifier(file).classify(val.images)
        first = prediction if first is None else first
        scores = score_prediction(prediction, val)
        assert scores.fer7 is not None
        assert prediction.labels is not None
        assert first.labels is not None
        flips = 100 * float((prediction.labels.argmax(axis=1) != first.labels.argmax(axis=1)).mean())
        distance = float(np.sqrt(np.square(np.log(prediction.labels + 1e-9) - np.log(first.labels + 1e-9)).mean()))
        six = scores.votes.six if scores.votes is not None else None
        agreement = "– | –" if six is None else f"{six.total_variation:.4f} | {six.cosine:.4f}"
        size = file.stat().st_size / 1e6
        accuracy = 100 * scores.fer7.accuracy
        print(f"| {name} | {accuracy:.2f} | {flips:.2f} | {distance:.4f} | {agreement} | {size:.2f} |")


def print_rates(files: dict[str, Path], val: Split, rounds: int) -> None:
    print("| variant | " + " | ".join(f"batch {batch}" for batch in BATCHES) + " |\n|---" + "|---" * len(BATCHES) + "|")
    times: dict[str, dict[int, list[float]]] = {name: {batch: [] for batch in BATCHES} for name in files}
    for _ in range(rounds):
        for name, file in files.items():
            # One classifier at a time: idle threads of another one would spin and occupy a core.
            classifier = OnnxClassifier(file, num_threads=2)
            for batch in BATCHES:
                calls = max(2, 256 // batch)
                classifier.classify(val.images[:batch])
                start = time.perf_counter()
                for _ in range(calls):
                    classifier.classify(val.images[:batch])
                times[name][batch].append((time.perf_counter() - start) / calls)
            del classifier
    rates = {
        name: [batch / statistics.median(found) for batch, found in by_batch.items()]
        for name, by_batch in times.items()
    }
    for name, found in rates.items():
        ratios = [rate / base for rate, base in zip(found, rates["float32"], strict=True)]
        cells = (f"{rate:,.0f} ({ratio:.2f})" for rate, ratio in zip(found, ratios, strict=True))
        print(f"| {name} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument(
        "data", type=Path, help="a prepared folder: train.parquet for calibration, val.parquet for scores"
    )
    parser.add_argument("--part", choices=("scores", "rates"))
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    images = read_split(args.data / "train.parquet").images
    crops = sample_calibration_crops(images)
    val = read_split(args.data / "val.parquet")
    print(f"{today()}, {machine()}, ONNX Runtime {onnxruntime.__version__}, ", end="")
    print(f"commit {commit()}, {args.weights.name}\n")
    with tempfile.TemporaryDirectory() as folder:
        files = convert_variants(args.weights, Path(folder), crops)
        if args.part != "rates":
            print_scores(files, val)
            print()
        if args.part != "scores":
            print_rates(files, val, args.rounds)


if __name__ == "__main__":
    main()

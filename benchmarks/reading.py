"""Cost of analyzing images, as ratios to the unavoidable part.

    python -m benchmarks.reading [--weights FILE] [--yunet FILE] [--rounds 7]

Each pair is measured in turns in one run, so that other load slows both; the result is the ratio of the medians.
Prints a Markdown record for benchmarks/results.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from benchmarks.provenance import commit, machine, today
from mememoji.analyzer import Analyzer
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import normalize
from mememoji.classification.shipped_classifiers import find_shipped_weights
from mememoji.detection.compact import CompactDetector
from mememoji.image_io import read_image
from mememoji.model_files import card_path

ROOT = Path(__file__).resolve().parents[1]
ASTRONAUT = ROOT / "docs" / "images" / "astronaut.png"

Work = Callable[[], object]


def compare(ours: Work, bare: Work, rounds: int) -> tuple[float, float]:
    """Return the median durations in seconds of two functions called in turns, after one call of each to warm up."""
    times: dict[Work, list[float]] = {ours: [], bare: []}
    ours()
    bare()
    for number in range(rounds):
        # The first of a pair runs with the caches of the other: alternate the order too.
        for work in (ours, bare) if number % 2 else (bare, ours):
            start = time.perf_counter()
            work()
            times[work].append(time.perf_counter() - start)
    return statistics.median(times[ours]), statistics.median(times[bare])


def time_classifier(weights: Path, rounds: int) -> tuple[float, float]:
    """Time 1,024 crops through the classifier, and, already normalized, through ONNX Runtime in one call."""
    classifier = OnnxClassifier(weights)
    card = classifier.card
    crops = np.random.default_rng(0).integers(0, 256, (1024, card.input_size, card.input_size), np.uint8)
    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    pixels = normalize(crops[:, None].astype(np.float32), mean=card.mean, std=card.std)
    heads = list(card.outputs)
    return compare(lambda: classifier.classify(crops), lambda: session.run(heads, {card.input_name: pixels}), rounds)


def time_start(weights: Path, rounds: int) -> tuple[float, float]:
    """Time `mememoji predict` on one image, and Python importing its dependencies."""
    return compare_programs(predict_command(weights), [sys.executable, "-c", "import numpy, cv2, onnxruntime"], rounds)


def predict_command(weights: Path, *options: str) -> list[str]:
    """Return the command of `mememoji predict` on one image."""
    call = "from mememoji.cli import main; main()"
    return [sys.executable, "-c", call, "predict", str(ASTRONAUT), "--weights", str(weights), *options]


def compare_programs(ours: list[str], bare: list[str], rounds: int) -> tuple[float, float]:
    """Return the median durations in seconds of two programs run in turns."""
    with tempfile.TemporaryDirectory() as cache:
        # Bytecode is compiled once, as for an installed package, whatever the environment sets.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache

        def run(command: list[str]) -> Work:
            return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)

        return compare(run(ours), run(bare), rounds)


def time_analyzer(weights: Path, rounds: int, detector: str) -> tuple[float, float]:
    """Time a 640x480 frame with one face through the analyzer, and through its detector alone."""
    analyzer = Analyzer(detector, OnnxClassifier(weights))
    frame = make_video_frame()
    assert len(analyzer.analyze(frame).faces) == 1
    return compare(lambda: analyzer.analyze(frame), lambda: analyzer.detector.detect(frame), rounds)


def time_detector(yunet: Path, rounds: int) -> tuple[float, float]:
    """Time a 640x480 frame through our detector, and through YuNet in OpenCV, both with one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    ours = CompactDetector(num_threads=1)
    bare = cv2.FaceDetectorYN.create(str(yunet), "", (640, 480), 0.7, 0.3, 5000)
    frame = make_video_frame()
    bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    times = compare(lambda: ours.detect(frame), lambda: bare.detect(bgr), rounds)
    cv2.setNumThreads(threads)
    return times


def make_video_frame() -> npt.NDArray[np.uint8]:
    """Return (480, 640, 3) uint8 RGB with one face."""
    image = read_image(ASTRONAUT)
    return np.asarray(cv2.copyMakeBorder(image[:480], 0, 0, 64, 64, cv2.BORDER_REFLECT), np.uint8)


def main() -> None:
    """Measure and print a Markdown record."""
    parser = argparse.ArgumentParser(description="Cost of analyzing images.")
    parser.add_argument("--weights", type=Path, help="an ONNX file with its card; the shipped weights if not given")
    parser.add_argument("--yunet", type=Path, help="YuNet's weights file, to compare our detector with")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    weights = args.weights or find_shipped_weights()
    card = ModelCard.read(card_path(weights))
    rows = [
        ("classify 1,024 crops / one bare ONNX Runtime call", time_classifier(weights, args.rounds), 1.15),
        ("`predict` one image / import numpy, cv2, onnxruntime", time_start(weights, args.rounds), 3.0),
        (
            "`predict` one image / the same with haar",
            compare_programs(predict_command(weights), predict_command(weights, "--detector", "haar"), args.rounds),
            1.0,
        ),
        ("analyze a 640x480 frame / its detector, compact", time_analyzer(weights, 5 * args.rounds, "compact"), 1.3),
        ("analyze a 640x480 frame / its detector, haar", time_analyzer(weights, 5 * args.rounds, "haar"), 1.3),
    ]
    if args.yunet:
        what = "detect in a 640x480 frame, one thread / YuNet in OpenCV"
        rows.append((what, time_detector(args.yunet, 5 * args.rounds), 1.2))
    print(f"# Analyzing images, {today()}\n")
    versions = f"ONNX Runtime {onnxruntime.__version__}, OpenCV {cv2.__version__}"
    print(f"`python -m benchmarks.reading --rounds {args.rounds}` at commit {commit()}, with {card.name}.")
    print(f"{machine()}, {versions}. Medians of runs taken in turns.\n")
    print("| what | ours, ms | bare, ms | ratio | at most |\n|---|---|---|---|---|")
    for what, (ours, bare), limit in rows:
        print(f"| {what} | {ours * 1e3:.1f} | {bare * 1e3:.1f} | {ours / bare:.2f} | {limit:g} |")


if __name__ == "__main__":
    main()

"""What reading images costs, as ratios to what cannot be saved.

    python -m benchmarks.reading [--weights FILE] [--yunet FILE] [--rounds 7]

Each pair is measured in turns in one run, so that a busy machine slows both; the figure is the ratio of the medians.
Prints a Markdown record for this folder.
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
from mememoji.classification.shipped_classifiers import shipped_weights
from mememoji.detection.compact import CompactDetector
from mememoji.image_io import read_image
from mememoji.model_files import card_path

ROOT = Path(__file__).resolve().parents[1]
ASTRONAUT = ROOT / "docs" / "images" / "astronaut.png"

Work = Callable[[], object]


def compare(ours: Work, bare: Work, rounds: int) -> tuple[float, float]:
    """The medians in seconds of two pieces of work done in turns, after one of each to warm up."""
    times: dict[Work, list[float]] = {ours: [], bare: []}
    ours()
    bare()
    for number in range(rounds):
        # The first of a pair finds the caches as the other left them: take turns at that too.
        for work in (ours, bare) if number % 2 else (bare, ours):
            start = time.perf_counter()
            work()
            times[work].append(time.perf_counter() - start)
    return statistics.median(times[ours]), statistics.median(times[bare])


def classifying(weights: Path, rounds: int) -> tuple[float, float]:
    """1,024 crops through the classifier; and, normalized beforehand, through ONNX Runtime in one call."""
    classifier = OnnxClassifier(weights)
    card = classifier.card
    crops = np.random.default_rng(0).integers(0, 256, (1024, card.side, card.side), np.uint8)
    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    pixels = normalize(crops[:, None].astype(np.float32), mean=card.mean, std=card.std)
    heads = list(card.outputs)
    return compare(lambda: classifier.classify(crops), lambda: session.run(heads, {card.input_name: pixels}), rounds)


def starting(weights: Path, rounds: int) -> tuple[float, float]:
    """`mememoji predict` of one image; and a Python that imports what it stands on."""
    return compare_programs(predicting(weights), [sys.executable, "-c", "import numpy, cv2, onnxruntime"], rounds)


def predicting(weights: Path, *options: str) -> list[str]:
    """The call of `mememoji predict` on one image."""
    call = "from mememoji.cli import main; main()"
    return [sys.executable, "-c", call, "predict", str(ASTRONAUT), "--weights", str(weights), *options]


def compare_programs(ours: list[str], bare: list[str], rounds: int) -> tuple[float, float]:
    """The medians in seconds of two programs run in turns."""
    with tempfile.TemporaryDirectory() as cache:
        # Compiled once, as an installed package is, whatever this shell says of writing bytecode.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache

        def run(command: list[str]) -> Work:
            return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)

        return compare(run(ours), run(bare), rounds)


def analysing(weights: Path, rounds: int, detector: str) -> tuple[float, float]:
    """A 640x480 frame with one face through the analyzer; and through its detector alone."""
    analyzer = Analyzer(detector, OnnxClassifier(weights))
    frame = video_frame()
    assert len(analyzer.analyze(frame).faces) == 1
    return compare(lambda: analyzer.analyze(frame), lambda: analyzer.detector.detect(frame), rounds)


def detecting(yunet: Path, rounds: int) -> tuple[float, float]:
    """A 640x480 frame through our own detector; and through YuNet as OpenCV runs it, both with one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    ours = CompactDetector(threads=1)
    bare = cv2.FaceDetectorYN.create(str(yunet), "", (640, 480), 0.7, 0.3, 5000)
    frame = video_frame()
    bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    times = compare(lambda: ours.detect(frame), lambda: bare.detect(bgr), rounds)
    cv2.setNumThreads(threads)
    return times


def video_frame() -> npt.NDArray[np.uint8]:
    """(480, 640, 3) uint8 RGB with one face."""
    image = read_image(ASTRONAUT)
    return np.asarray(cv2.copyMakeBorder(image[:480], 0, 0, 64, 64, cv2.BORDER_REFLECT), np.uint8)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What reading images costs.")
    parser.add_argument("--weights", type=Path, help="an ONNX file with its card; else the weights that ship")
    parser.add_argument("--yunet", type=Path, help="YuNet's weights file, to compare our own detector with")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    weights = options.weights or shipped_weights()
    card = ModelCard.read(card_path(weights))
    rows = [
        ("classify 1,024 crops / one bare ONNX Runtime call", classifying(weights, options.rounds), 1.15),
        ("`predict` one image / import numpy, cv2, onnxruntime", starting(weights, options.rounds), 3.0),
        (
            "`predict` one image / the same with haar",
            compare_programs(predicting(weights), predicting(weights, "--detector", "haar"), options.rounds),
            1.0,
        ),
        ("analyze a 640x480 frame / its detector, compact", analysing(weights, 5 * options.rounds, "compact"), 1.3),
        ("analyze a 640x480 frame / its detector, haar", analysing(weights, 5 * options.rounds, "haar"), 1.3),
    ]
    if options.yunet:
        what = "detect in a 640x480 frame, one thread / YuNet in OpenCV"
        rows.append((what, detecting(options.yunet, 5 * options.rounds), 1.2))
    print(f"# Reading images, {today()}\n")
    versions = f"ONNX Runtime {onnxruntime.__version__}, OpenCV {cv2.__version__}"
    print(f"`python -m benchmarks.reading --rounds {options.rounds}` at commit {commit()}, with {card.name}.")
    print(f"{machine()}, {versions}. Medians of runs taken in turns.\n")
    print("| what | ours, ms | bare, ms | ratio | at most |\n|---|---|---|---|---|")
    for what, (ours, bare), limit in rows:
        print(f"| {what} | {ours * 1e3:.1f} | {bare * 1e3:.1f} | {ours / bare:.2f} | {limit:g} |")


if __name__ == "__main__":
    main()

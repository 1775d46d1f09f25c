"""Labeled images for the evaluation from end to end."""

from pathlib import Path

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.datasets.splits import Split
from mememoji.detection.fake_detector import FakeDetector
from mememoji.emotions import FER2013_LABELS
from mememoji.image_io import encode_png
from mememoji.results import Box, Detection

NUM_SMALL = 7


@pytest.fixture(scope="session")
def labeled_folder(pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`pattern_split` as class folders, and for each class one image of 40x40, in which `analyzer` finds no face."""
    folder = tmp_path_factory.mktemp("images")
    for number, (image, label) in enumerate(zip(pattern_split.images, pattern_split.labels, strict=True)):
        (folder / FER2013_LABELS[label]).mkdir(exist_ok=True)
        (folder / FER2013_LABELS[label] / f"{number:02}.png").write_bytes(encode_png(image))
    for name in FER2013_LABELS:
        (folder / name / "small.png").write_bytes(encode_png(np.zeros((40, 40), np.uint8)))
    return folder


@pytest.fixture(scope="session")
def analyzer(pooled_weights: Path) -> Analyzer:
    """Takes the whole of a 48x48 image as its face, and finds none in a smaller one."""
    return Analyzer(FakeDetector([Detection(Box(0, 0, 48, 48))]), pooled_weights)

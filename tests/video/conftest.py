"""Clips made by the tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.detection.fake_detector import FakeDetector
from mememoji.results import Box, Detection
from mememoji.video.video_encoder import VideoEncoder

MakeClip = Callable[..., Path]


def level(number: int) -> int:
    """Return the gray level of a frame, by which tests identify it."""
    return 20 + number * 6 % 220


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Makes a clip of plain frames at 10 a second, whose gray level rises from frame to frame."""

    def make(frames: int = 20, size: tuple[int, int] = (96, 64), name: str = "clip.mp4") -> Path:
        with VideoEncoder(tmp_path / name, *size, 10) as encoder:
            for number in range(frames):
                encoder.write(np.full((size[1], size[0], 3), level(number), np.uint8), number / 10)
        return tmp_path / name

    return make


@pytest.fixture
def analyzer() -> Analyzer:
    """Sees one happy face in every frame."""
    return Analyzer(FakeDetector([Detection(Box(20, 10, 30, 40), 0.9)]), FakeClassifier({"happy": 0.8, "neutral": 0.2}))

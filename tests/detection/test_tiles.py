"""Detection in tiles of long images."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.detection.compact import CompactDetector
from mememoji.detection.full_image import FullImageDetector
from mememoji.detection.tiles import OVERLAP, detect_in_tiles, is_long, split_length
from mememoji.image_io import read_image
from mememoji.results import Box


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        *(((2400, 1080), False), ((667, 1000), False), ((3240, 1080), False), ((100, 1200), False)),
        *(((20_000, 1080), True), ((1400, 8000), True), ((100, 1300), True)),
    ],
)
def test_is_long_is_true_for_extreme_aspect_ratios(shape: tuple[int, int], expected: bool) -> None:
    assert is_long(np.broadcast_to(np.uint8(0), (*shape, 3))) == expected


@given(st.integers(1, 9000), st.integers(1, 32_767))
def test_tiles_cover_the_side_and_overlap(shorter: int, longer: int) -> None:
    shorter, longer = sorted((shorter, longer))
    tiles = split_length(longer, shorter)
    assert (tiles[0][0], tiles[-1][1]) == (0, longer)
    assert len({end - start for start, end in tiles}) == 1
    for (_, end), (start, _) in itertools.pairwise(tiles):
        assert end - start >= round(OVERLAP * shorter) - 1


def test_full_image_is_one_face_however_long_it_is() -> None:
    (face,) = detect_in_tiles(FullImageDetector(), np.zeros((100, 3000, 3), np.uint8))
    assert face.box == Box(0, 0, 3000, 100)


@pytest.mark.parametrize("is_tall", [True, False])
def test_each_face_of_a_long_image_is_found_once(astronaut_path: Path, is_tall: bool) -> None:
    face = cv2.resize(read_image(astronaut_path)[20:220, 130:330], (100, 100), interpolation=cv2.INTER_AREA)
    starts = (0, 555, 1790, 3333, 8900)
    image = np.full((9000, 160, 3) if is_tall else (160, 9000, 3), 255, np.uint8)
    for index, start in enumerate(starts):
        y, x = (start, 12 * index) if is_tall else (12 * index, start)
        image[y : y + 100, x : x + 100] = face
    detector = CompactDetector()
    assert detector.detect(image) == []
    detections = detect_in_tiles(detector, image)
    assert len(detections) == len(starts)
    for found, start in zip(sorted(detections, key=lambda found: found.box.x + found.box.y), starts, strict=True):
        assert 0 <= (found.box.y if is_tall else found.box.x) - start < 50
        assert found.landmarks is not None
        for left, top in found.landmarks:
            assert found.box.x < left < found.box.xyxy[2]
            assert found.box.y < top < found.box.xyxy[3]

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mememoji.datasets.fer2013.dataset_figures import draw_classes, draw_faces
from mememoji.datasets.splits import Split
from mememoji.emotions import EMOTIONS


def make_split(images: Any, labels: list[int], votes: Any = None) -> Split:
    return Split(np.arange(len(labels), dtype=np.int32), images, np.array(labels, np.int8), votes)


def has_color(path: Path, color: str) -> bool:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    wanted = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    return bool((pixels == wanted).all(axis=2).any())


@pytest.mark.parametrize("count", [0, 1, 40])
def test_faces_of_any_number_are_drawn(count: int, tmp_path: Path, make_images: Any) -> None:
    path = tmp_path / "faces.png"

    draw_faces(make_split(make_images(count), [index % 7 for index in range(count)]), path, title="faces")

    assert all(has_color(path, emotion.color) for emotion in EMOTIONS)


def test_faces_are_deterministic(tmp_path: Path, make_images: Any) -> None:
    split = make_split(make_images(60), [3] * 60)

    draw_faces(split, tmp_path / "one.png", title="faces")
    draw_faces(split, tmp_path / "two.png", title="faces")

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_blank_images_and_non_faces_are_skipped(tmp_path: Path, make_images: Any) -> None:
    face, non_face, other = make_images(3)
    votes = np.zeros((3, 10), np.uint8)
    votes[:2, 0], votes[2, 9] = 10, 10

    for name, third, level in (("one.png", non_face, 0), ("two.png", other, 200)):
        images = np.stack([face, np.full_like(face, level), third])
        draw_faces(make_split(images, [3, 3, 3], votes), tmp_path / name, title="faces")

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("labels", [{"train": []}, {"train": [0, 1, 2, 3, 4, 5, 6], "val": [3], "test": [1, 1]}])
def test_classes_of_one_or_three_splits_are_drawn(labels: dict[str, list[int]], tmp_path: Path) -> None:
    path = tmp_path / "classes.png"

    draw_classes({name: np.array(numbers, np.int8) for name, numbers in labels.items()}, path, title="classes")

    assert has_color(path, EMOTIONS[2].color) == any(3 in numbers for numbers in labels.values())
    with Image.open(path) as image:
        assert image.height > 400 * len(labels)

"""Small synthetic data sources."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from mememoji.types import UInt8Array

WriteCsv = Callable[[Path, Iterable[tuple[int, UInt8Array, str]]], Path]


def draw_images(count: int, seed: int = 0) -> UInt8Array:
    """Return (N, 48, 48) uint8: smooth, with high contrast, all different, without clipping at black or white."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 200, (count, 12, 12))
    images = [cv2.resize(grid, (48, 48), interpolation=cv2.INTER_LINEAR).round() for grid in coarse]
    return np.array(images, np.uint8).reshape(count, 48, 48)  # (N, 48, 48)


def csv_line(label: int, image: UInt8Array, usage: str) -> str:
    return f"{label},{' '.join(map(str, image.reshape(-1)))},{usage}"


def write_official_csv(path: Path, rows: Iterable[tuple[int, UInt8Array, str]]) -> Path:
    lines = ["emotion,pixels,Usage", *(csv_line(*row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


@pytest.fixture
def make_images() -> Callable[..., UInt8Array]:
    return draw_images


@pytest.fixture
def line() -> Callable[[int, UInt8Array, str], str]:
    return csv_line


@pytest.fixture
def write_csv() -> WriteCsv:
    return write_official_csv


@pytest.fixture
def official_csv(tmp_path: Path) -> Path:
    """Nine rows: six of Training, two of PublicTest, one of PrivateTest, labels 0 to 6, 0, 1."""
    usages: Sequence[str] = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"]
    rows = [(index % 7, image, usages[index]) for index, image in enumerate(draw_images(9))]
    return write_official_csv(tmp_path / "fer2013.csv", rows)


@pytest.fixture
def ferplus_csv(tmp_path: Path) -> Path:
    """The votes of `official_csv`: row n has n votes for neutral, two for fear, ten for NF in row 3."""
    usages = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"]
    lines = ["Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"]
    lines += [
        f"{usage},fer{row:07d}.png,{row},0,0,0,0,0,2,0,0,{10 if row == 3 else 0}" for row, usage in enumerate(usages)
    ]
    path = tmp_path / "fer2013new.csv"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path

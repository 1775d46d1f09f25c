"""Small sources of data that tests make themselves."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

Images = npt.NDArray[np.uint8]
WriteCsv = Callable[[Path, Iterable[tuple[int, Images, str]]], Path]


def draw_pictures(count: int, seed: int = 0) -> Images:
    """(N, 48, 48) uint8: smooth, rich in contrast, no two alike, none cut off at black or white."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 200, (count, 12, 12))
    pictures = [cv2.resize(grid, (48, 48), interpolation=cv2.INTER_LINEAR).round() for grid in coarse]
    return np.array(pictures, np.uint8).reshape(count, 48, 48)  # (N, 48, 48)


def csv_line(label: int, image: Images, usage: str) -> str:
    return f"{label},{' '.join(map(str, image.reshape(-1)))},{usage}"


def write_official_csv(path: Path, rows: Iterable[tuple[int, Images, str]]) -> Path:
    lines = ["emotion,pixels,Usage", *(csv_line(*row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


@pytest.fixture
def pictures() -> Callable[..., Images]:
    return draw_pictures


@pytest.fixture
def line() -> Callable[[int, Images, str], str]:
    return csv_line


@pytest.fixture
def write_csv() -> WriteCsv:
    return write_official_csv


@pytest.fixture
def official_csv(tmp_path: Path) -> Path:
    """Nine rows: six of Training, two of PublicTest, one of PrivateTest, labels 0 to 6, 0, 1."""
    usages: Sequence[str] = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"]
    rows = [(index % 7, image, usages[index]) for index, image in enumerate(draw_pictures(9))]
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

"""Crops that show no face: background and false alarms, for a training to learn what is not one."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocessing import resize_crop, to_grey
from mememoji.datasets.splits import read_split
from mememoji.errors import DatasetError
from mememoji.images import read_image

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def read_non_faces(path: Path) -> npt.NDArray[np.uint8]:
    """Read crops of no face.

    Args:
        path: a folder of pictures, each a crop, read in the order of their names; or a split file, whose labels and
            votes are left aside.

    Returns:
        (N, 48, 48) uint8, grey.

    Raises:
        DatasetError: nothing there, or no picture in it.
        PictureError: a picture that cannot be read.
    """
    if not path.is_dir():
        return read_split(path).images
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
    if not files:
        raise DatasetError(f"{path} holds no pictures; crops of no face are {', '.join(SUFFIXES)}")
    return np.stack([resize_crop(to_grey(read_image(file))) for file in files])  # N times (48, 48) -> (N, 48, 48)

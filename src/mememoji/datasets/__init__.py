"""Datasets of faces: FER2013 and FER+ read from their common formats, split files, face sets, detection images."""

from mememoji.datasets.splits import SPLITS, Split, read_split, write_split

__all__ = ["SPLITS", "Split", "read_split", "write_split"]

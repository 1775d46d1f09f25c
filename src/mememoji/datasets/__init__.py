"""Datasets of faces: FER2013 and FER+ read from the forms people have, written as split files."""

from mememoji.datasets.splits import SPLITS, Split, read_split, write_split

__all__ = ["SPLITS", "Split", "read_split", "write_split"]

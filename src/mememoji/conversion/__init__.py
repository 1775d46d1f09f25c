"""Weights files made into other weights files: calibrated, rewritten for speed, in other numbers. Needs no torch."""

from mememoji.errors import MissingExtraError

try:
    import onnx as _onnx  # noqa: F401  # asked for here, once, so that no module of the room has to
except ImportError as error:
    raise MissingExtraError("train", "converting weights") from error

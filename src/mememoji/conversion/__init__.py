"""Conversion of weights files: calibration, float16 and int8, with ONNX alone, without torch."""

from mememoji.errors import MissingExtraError

try:
    import onnx as _onnx  # noqa: F401  # checked here once, for all modules of the package
except ImportError as error:
    raise MissingExtraError("train", "converting weights") from error

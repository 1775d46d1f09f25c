"""Training of the classifier and of the detector. The only package that imports torch."""

from mememoji.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401  # imported once here, so that every module reports a missing extra alike
except ImportError as error:
    raise MissingExtraError("train", "training") from error

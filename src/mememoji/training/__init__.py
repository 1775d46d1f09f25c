"""Networks, augmentation, fitting and export. The only room with torch."""

from mememoji.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401  # asked for here, once, so that no module of the room has to
except ImportError as error:
    raise MissingExtraError("train", "training") from error

"""The exception tree, and who has to act on each error: the caller, the library or the environment.

    MememojiError
    ├── InputError              caller: the input cannot be used
    │   ├── ImageError          not a usable image
    │   │   └── TooLargeError   over a limit of bytes or pixels
    │   ├── VideoError          not a readable video, section of a video, or timeline
    │   ├── DatasetError        an invalid source, split file or row of a dataset
    │   ├── FetchError          a URL that is rejected or does not return an image
    │   └── NotStoredError      an image or a face that is not in the store
    ├── ModelError              library: weights, card and network do not match
    └── RunError                environment: a missing extra, a stopped training, a failed download
        ├── MissingExtraError   an optional dependency is not installed
        └── StoreUnavailableError   the database of the store cannot be reached or does not work

A message says what was expected and what was given, and ends with what to do about it where that is known.
"""


class MememojiError(Exception):
    """The base class of all errors that Mememoji raises on purpose.

    Example:
        >>> from mememoji import MememojiError, read_image
        >>> try:
        ...     read_image("missing.jpg")
        ... except MememojiError as error:
        ...     print(error)
        missing.jpg cannot be read: No such file or directory
    """


class InputError(MememojiError):
    """The input cannot be used: the caller has to change it.

    Example:
        >>> from mememoji import Analyzer, InputError
        >>> try:
        ...     Analyzer(classifier="huge")
        ... except InputError as error:
        ...     print(error)
        the classifier must be one of 'compact', 'nano', or the path of a weights file (.onnx), got 'huge'
    """


class ImageError(InputError):
    """The bytes, file or array is not a usable image."""


class TooLargeError(ImageError):
    """The image exceeds the limit of bytes or pixels."""


class VideoError(InputError):
    """The file is not a readable video or timeline, or does not contain the requested section."""


class DatasetError(InputError):
    """A source, split file or row of a dataset is not valid.

    Attributes:
        row: The index of the row, if the error is about one: counted from 0 without the header, as FER+ and the
            project's Parquet files count.
    """

    def __init__(self, message: str, *, row: int | None = None) -> None:
        super().__init__(message if row is None else f"row {row}: {message}")
        self.row = row


class FetchError(InputError):
    """A URL is rejected, cannot be reached or does not return an image.

    The message contains neither the URL nor an IP address of its host.
    """


class NotStoredError(InputError):
    """The image, or the face of an image, is not in the store; it may have expired."""


class ModelError(MememojiError):
    """Weights, card and network do not match, or a file is missing: the installation or the model has to change.

    Example:
        >>> from mememoji import Analyzer, ModelError
        >>> try:
        ...     Analyzer(classifier="missing.onnx")
        ... except ModelError as error:
        ...     print(error)
        no model card at missing.card.json; keep the card next to its weights
    """


class RunError(MememojiError):
    """The work failed because of the environment, not of the input: a missing extra, a full disk, a failed download.

    Example:
        >>> from mememoji import RunError
        >>> from mememoji.errors import MissingExtraError
        >>> try:
        ...     raise MissingExtraError("train", "training")
        ... except RunError as error:
        ...     print(error)
        training needs the extra "train": pip install "mememoji[train]"
    """


class MissingExtraError(RunError):
    """An optional dependency is not installed.

    Attributes:
        extra: The name of the extra to install.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f'{purpose} needs the extra "{extra}": pip install "mememoji[{extra}]"')
        self.extra = extra


class StoreUnavailableError(RunError):
    """The database of the store cannot be reached or does not work; the operation may be retried."""

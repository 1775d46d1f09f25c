"""What can go wrong, and whose turn it is to act.

    MememojiError
    ├── InputError              the caller's: what was handed in cannot be used
    │   ├── PictureError        not an image, or one that is refused
    │   │   └── TooLargeError   over a limit of bytes or pixels
    │   ├── VideoError          not a video, a part of it or a timeline that can be read
    │   ├── DatasetError        a source, split file or row of a dataset
    │   ├── FetchError          a URL that is refused, or gives no image
    │   └── NotStoredError      no such image, or no such face of it, in the store
    ├── ModelError              ours: weights, card or network do not fit each other
    └── RunError                the run's: a missing extra, a stopped training, a failed download
        ├── MissingExtraError   an optional dependency is not installed
        └── StoreUnavailableError   the store's database cannot be reached or refuses to work

A message says what was expected and what came, and where there is something to do, it ends with that.
"""


class MememojiError(Exception):
    """The root: catch this to catch everything that Mememoji raises on purpose."""


class InputError(MememojiError):
    """What was handed in cannot be used."""


class PictureError(InputError):
    """Bytes, a file or an array that is not a usable image."""


class TooLargeError(PictureError):
    """An image over the limit of bytes or pixels."""


class VideoError(InputError):
    """A file that is no video or timeline, or one of which not even the beginning can be read."""


class DatasetError(InputError):
    """A dataset's source, split file or row that does not hold what it should.

    `row` is the row number where there is one: counted from 0, header apart, as FER+ and the project's
    Parquet files count.
    """

    def __init__(self, message: str, *, row: int | None = None) -> None:
        super().__init__(message if row is None else f"row {row}: {message}")
        self.row = row


class FetchError(InputError):
    """A URL that is refused, cannot be reached or gives no image.

    The message holds no part of the URL, and no address that its name leads to.
    """


class NotStoredError(InputError):
    """The store holds no such image, or the image no such face; perhaps it has expired."""


class ModelError(MememojiError):
    """Weights, card or network do not fit each other."""


class RunError(MememojiError):
    """The run could not go on: for a reason of the machine rather than of the input."""


class MissingExtraError(RunError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, what_for: str) -> None:
        super().__init__(f'{what_for} needs the extra "{extra}": pip install "mememoji[{extra}]"')
        self.extra = extra


class StoreUnavailableError(RunError):
    """The store's database cannot be reached or refuses to work; what was asked may be tried again."""

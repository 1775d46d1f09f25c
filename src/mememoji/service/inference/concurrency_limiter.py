"""Places for what may only be there so many times at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from mememoji.service.api_errors import OverloadedError


class Places:
    """So many places in one worker; who finds none is refused at once.

    Args:
        most: places; 0 refuses everyone.
        what: what they are for, for the refusal's message.
    """

    def __init__(self, most: int, what: str) -> None:
        self._most, self._what = most, what
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place while the block runs.

        Raises:
            OverloadedError: all are taken.
        """
        if self._taken >= self._most:
            raise OverloadedError(f"too many {self._what} at once; try again in a moment")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

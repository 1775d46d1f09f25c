"""Which stores there are, and which of them a URL names."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from mememoji.errors import InputError, MissingExtraError
from mememoji.storage.image_store import PhotoStore
from mememoji.storage.url_redaction import without_password

DEFAULT_URL: Final = "sqlite:///mememoji.db"
"""A file in the current folder."""

FORMS: Final = "sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE, mongodb://HOST/DATABASE or memory://"
"""What `open_store` takes."""

_POSTGRES: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_MONGO: Final = frozenset({"mongodb", "mongodb+srv"})


def open_store(url: str, *, create: bool = True) -> PhotoStore:
    """Make the store that a URL names. Its server is asked for nothing yet, and need not run.

    Args:
        url: one of `FORMS`.
        create: whether a SQLite file that is not there is made.

    Raises:
        InputError: no such kind of store, a URL that cannot be read, or a missing file that is not to be made.
        MissingExtraError: what the store needs is not installed.
    """
    scheme = url.partition(":")[0].lower()
    if scheme == "memory":
        from mememoji.storage.memory_store import MemoryStore

        return MemoryStore()
    if scheme in _MONGO:
        try:
            from mememoji.storage.mongo_store import MongoStore
        except ImportError as error:
            raise MissingExtraError("mongo", "storing in MongoDB") from error
        return MongoStore(url)
    if scheme != "sqlite" and scheme not in _POSTGRES:
        raise InputError(f"expected a store's URL like {FORMS}; got {without_password(url)[:80]!r}")
    if scheme == "sqlite" and not create and not (file := _sqlite_file(url)).is_file():
        raise InputError(f"no store at {file}; name the one that `mememoji serve` uses: --store URL")
    try:
        from mememoji.storage.sql_store import SqlStore
    except ImportError as error:
        raise MissingExtraError("serve" if scheme == "sqlite" else "postgres", "storing in SQL databases") from error
    return SqlStore(re.sub("^[^:]+", "postgresql", url) if scheme in _POSTGRES else url)


def _sqlite_file(url: str) -> Path:
    return Path(unquote(url.partition("///")[2]) or ".")

"""The stores that a URL can name."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from mememoji.errors import InputError, MissingExtraError
from mememoji.storage.image_store import ImageStore
from mememoji.storage.url_redaction import redact_url

DEFAULT_URL: Final = "sqlite:///mememoji.db"
"""A file in the current folder."""

URL_FORMS: Final = "sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE, mongodb://HOST/DATABASE or memory://"
"""The URLs that `open_store` accepts."""

_POSTGRES_SCHEMES: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_MONGO_SCHEMES: Final = frozenset({"mongodb", "mongodb+srv"})


def open_store(url: str, *, create: bool = True) -> ImageStore:
    """Make the store that a URL names, without connecting to its database yet.

    Args:
        url: One of `URL_FORMS`.
        create: Whether to create a SQLite file that does not exist.

    Raises:
        InputError: The kind of store is unknown, the URL cannot be parsed, or the SQLite file does not exist and
            `create` is false.
        MissingExtraError: A package that the store needs is not installed.

    Example:
        >>> from mememoji.results import Analysis
        >>> from mememoji.storage.factory import open_store
        >>> from mememoji.storage.image_record import ImageRecord
        >>> store = open_store("memory://")
        >>> record = ImageRecord.from_analysis(Analysis(640, 480, (), "compact", "compact"))
        >>> store.add(record)
        >>> store.get(record.image_id).width
        640
        >>> store.compute_statistics().images
        1
        >>> store.close()
    """
    scheme = url.partition(":")[0].lower()
    if scheme == "memory":
        from mememoji.storage.memory_store import MemoryStore

        return MemoryStore()
    if scheme in _MONGO_SCHEMES:
        try:
            from mememoji.storage.mongo_store import MongoStore
        except ImportError as error:
            raise MissingExtraError("mongo", "storing in MongoDB") from error
        return MongoStore(url)
    if scheme != "sqlite" and scheme not in _POSTGRES_SCHEMES:
        raise InputError(f"the store's URL must be {URL_FORMS}, got {redact_url(url)[:80]!r}")
    if scheme == "sqlite" and not create and not (file := _parse_sqlite_path(url)).is_file():
        raise InputError(f"no store at {file}; name the one that `mememoji serve` uses: --store URL")
    try:
        from mememoji.storage.sql_store import SqlStore
    except ImportError as error:
        raise MissingExtraError("serve" if scheme == "sqlite" else "postgres", "storing in SQL databases") from error
    return SqlStore(re.sub("^[^:]+", "postgresql", url) if scheme in _POSTGRES_SCHEMES else url)


def _parse_sqlite_path(url: str) -> Path:
    return Path(unquote(url.partition("///")[2]) or ".")

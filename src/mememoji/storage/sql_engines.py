"""Connections to SQL databases: how each kind is opened, and what is set on it."""

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from mememoji.errors import InputError, MissingExtraError

SQLITE_WAIT: Final = 15.0
"""Seconds that a write waits for another process's."""
_POOL_WAIT: Final = 10.0
# Found at a dead server in seconds rather than in the hours of TCP's own patience; a URL's own options come first.
_POSTGRES_DEFAULTS: Final = {"connect_timeout": 3, "tcp_user_timeout": 10_000, "application_name": "mememoji"}


def parsed(url: str) -> URL:
    """The parts of a URL, with the driver that is used.

    Raises:
        InputError: it cannot be read, names a SQLite database in memory, or no database.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Neither the URL nor the parser's own words: a password may be the part that does not fit.
        raise InputError(
            "the store's URL cannot be read; escape special characters of its password (%40 for @)"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:") or parsed.query:
            raise InputError("expected sqlite:///FILE with a file and no options; memory:// keeps images in memory")
        return parsed.set(drivername="sqlite")
    if not parsed.database:
        raise InputError("expected postgresql://USER:PASSWORD@HOST/DATABASE, got no database")
    return parsed.set(drivername="postgresql+psycopg")


def sqlite_engine(url: URL) -> Engine:
    """Connections to a SQLite file; transactions write where the execution option `writes` says so."""
    engine = create_engine(url, connect_args={"timeout": SQLITE_WAIT}, hide_parameters=True, pool_timeout=_POOL_WAIT)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # The module would begin transactions by itself, always ones that only turn into writing ones later, and
        # two of these cannot wait for each other.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # What was acknowledged survives a power cut; in WAL mode the default does not promise that.
        connection.execute("PRAGMA synchronous = FULL")
        # Deleted faces are overwritten, not only left to be reused.
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def postgres_engine(url: URL) -> Engine:
    """Connections to PostgreSQL.

    Raises:
        MissingExtraError: its driver is not installed.
    """
    given: dict[str, Any] = {name: value for name, value in _POSTGRES_DEFAULTS.items() if name not in url.query}
    try:
        # Asked before each use, connections that died with a restarted server are replaced unnoticed.
        return create_engine(url, connect_args=given, pool_pre_ping=True, hide_parameters=True, pool_timeout=_POOL_WAIT)
    except ImportError as error:
        raise MissingExtraError("postgres", "storing in PostgreSQL") from error

"""Engines for SQL databases, configured for each kind of database."""

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from mememoji.errors import InputError, MissingExtraError

SQLITE_TIMEOUT: Final = 15.0
"""Seconds that a write waits for the write of another process."""
_POOL_TIMEOUT: Final = 10.0
# Detects a dead server within seconds; TCP's own timeouts take hours. Options in the URL take precedence.
_POSTGRES_DEFAULTS: Final = {"connect_timeout": 3, "tcp_user_timeout": 10_000, "application_name": "mememoji"}


def parse_url(url: str) -> URL:
    """Return the components of a URL, with the driver that is used.

    Raises:
        InputError: The URL cannot be parsed, names a SQLite database in memory, or has no database.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Neither the URL nor the parser's own message is repeated: the invalid component may be a password.
        raise InputError(
            "the store's URL cannot be parsed; percent-encode special characters of its password (%40 for @)"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:") or parsed.query:
            raise InputError(
                "the store's URL must be sqlite:///FILE with a file and no options; memory:// stores images in memory"
            )
        return parsed.set(drivername="sqlite")
    if not parsed.database:
        raise InputError("the store's URL must be postgresql://USER:PASSWORD@HOST/DATABASE, got no database")
    return parsed.set(drivername="postgresql+psycopg")


def make_sqlite_engine(url: URL) -> Engine:
    """Return an engine for a SQLite file; a transaction may write if it has the execution option `writes`."""
    engine = create_engine(
        url, connect_args={"timeout": SQLITE_TIMEOUT}, hide_parameters=True, pool_timeout=_POOL_TIMEOUT
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # The sqlite3 module would begin deferred transactions itself, and two deferred transactions that both
        # upgrade to writing fail instead of waiting for each other.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # Commits survive a power failure; in WAL mode the default does not guarantee that.
        connection.execute("PRAGMA synchronous = FULL")
        # Deleted faces are overwritten rather than only marked as free.
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def make_postgres_engine(url: URL) -> Engine:
    """Return an engine for PostgreSQL.

    Raises:
        MissingExtraError: The driver is not installed.
    """
    options: dict[str, Any] = {name: value for name, value in _POSTGRES_DEFAULTS.items() if name not in url.query}
    try:
        # Pinged before each use, so that connections broken by a server restart are replaced silently.
        return create_engine(
            url, connect_args=options, pool_pre_ping=True, hide_parameters=True, pool_timeout=_POOL_TIMEOUT
        )
    except ImportError as error:
        raise MissingExtraError("postgres", "storing in PostgreSQL") from error

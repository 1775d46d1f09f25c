"""The image store in an SQL database: SQLite or PostgreSQL."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    delete,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from mememoji.emotions import Emotion
from mememoji.errors import StoreUnavailableError
from mememoji.storage.image_record import ImageRecord, is_valid_image_id, utc_now
from mememoji.storage.image_store import (
    MAX_FACE_INDEX,
    StoreStatistics,
    make_duplicate_image_id_error,
    make_face_not_found_error,
    make_feedback_not_found_error,
    make_image_not_found_error,
)
from mememoji.storage.sql_engines import SQLITE_TIMEOUT, make_postgres_engine, make_sqlite_engine, parse_url
from mememoji.storage.sql_tables import (
    FACES,
    FEEDBACK,
    IMAGES,
    METADATA,
    SCHEMA,
    SCHEMA_VERSION,
    load_records,
    to_face_rows,
    to_feedback_rows,
    to_image_row,
    to_milliseconds,
)
from mememoji.storage.url_redaction import redact_url

_SCHEMA_LOCK: Final = 0x6D656D656D6F6A69
_PAGE_SIZE: Final = 200


class SqlStore:
    """An `ImageStore` in SQLite or PostgreSQL; creates its tables in an empty database.

    Args:
        url: `sqlite:///FILE` (relative to the current folder) or `postgresql://USER:PASSWORD@HOST/DATABASE`.

    Raises:
        InputError: The URL cannot be parsed, or names a SQLite database in memory.
        MissingExtraError: No driver for PostgreSQL is installed.
    """

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        self._redacted_url = redact_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        engine = make_sqlite_engine(self._url) if self._is_sqlite else make_postgres_engine(self._url)
        # A reader queries three tables one after the other and must see one state of them.
        level = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._readers: Engine = engine.execution_options(**level)
        self._writers: Engine = engine.execution_options(writes=True)
        self._is_initialized = False

    def add(self, record: ImageRecord) -> None:
        """Store a new image: see `ImageStore`."""
        try:
            with self._begin_write() as connection:
                connection.execute(insert(IMAGES), to_image_row(record))
                for table, rows in ((FACES, to_face_rows(record)), (FEEDBACK, to_feedback_rows(record))):
                    if rows:
                        connection.execute(insert(table), rows)
        except IntegrityError as error:
            raise make_duplicate_image_id_error(record.image_id) from error

    def get(self, image_id: str, *, pixels: bool = False) -> ImageRecord:
        """Return the image of that identifier: see `ImageStore`."""
        found: list[ImageRecord] = []
        if is_valid_image_id(image_id):
            with self._begin_read() as connection:
                found = load_records(connection, (IMAGES.c.image_id == image_id) & _is_current(), pixels=pixels)
        if not found:
            raise make_image_not_found_error(image_id)
        return found[0]

    def add_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Append an emotion to the feedback on a face: see `ImageStore`."""
        num_added = 0
        if is_valid_image_id(image_id) and 0 <= face_index <= MAX_FACE_INDEX:
            created_ms = to_milliseconds(utc_now())
            face = (
                select(FACES.c.image_id, FACES.c.face_index, literal(emotion.value), literal(created_ms))
                .join(IMAGES)
                .where(FACES.c.image_id == image_id, FACES.c.face_index == face_index, _is_current())
            )
            columns = ["image_id", "face_index", "emotion", "created_ms"]
            # An image that is deleted concurrently violates the foreign key: it counts as not stored.
            with contextlib.suppress(IntegrityError), self._begin_write() as connection:
                statement = insert(FEEDBACK).from_select(columns, face)
                # SQLAlchemy preserves the row count of an INSERT only on request.
                num_added = connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
        if not num_added:
            raise make_face_not_found_error(image_id, face_index)

    def delete_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Delete the latest feedback on a face that equals this emotion: see `ImageStore`."""
        num_deleted = 0
        if is_valid_image_id(image_id) and 0 <= face_index <= MAX_FACE_INDEX:
            candidates = FEEDBACK.alias()
            last = (
                select(candidates.c.feedback_id)
                .select_from(candidates.join(FACES).join(IMAGES))
                .where(candidates.c.image_id == image_id, candidates.c.face_index == face_index, _is_current())
                .where(candidates.c.emotion == emotion.value)
                .order_by(candidates.c.feedback_id.desc())
                .limit(1)
                # Two concurrent calls delete two entries: the second one skips the row that the first one has locked.
                .with_for_update(skip_locked=True, of=candidates)
            )
            with self._begin_write() as connection:
                num_deleted = connection.execute(
                    delete(FEEDBACK).where(FEEDBACK.c.feedback_id == last.scalar_subquery())
                ).rowcount
        if not num_deleted:
            raise make_feedback_not_found_error(image_id, face_index, emotion)

    def delete(self, image_id: str) -> None:
        """Delete an image: see `ImageStore`."""
        num_deleted = 0
        if is_valid_image_id(image_id):
            with self._begin_write() as connection:
                condition = (IMAGES.c.image_id == image_id) & _is_current()
                num_deleted = connection.execute(delete(IMAGES).where(condition)).rowcount
        if not num_deleted:
            raise make_image_not_found_error(image_id)
        self._truncate_wal()

    def delete_expired(self, now: datetime) -> int:
        """Delete the images that have expired by `now`: see `ImageStore`. Their pixels are in the same rows."""
        with self._begin_write() as connection:
            num_deleted = connection.execute(delete(IMAGES).where(IMAGES.c.expires_ms <= to_milliseconds(now))).rowcount
        if num_deleted:
            self._truncate_wal()
        return num_deleted

    def iter_images(self, *, pixels: bool = False) -> Iterator[ImageRecord]:
        """Yield all images, oldest first: see `ImageStore`."""
        after: ColumnElement[bool] = literal(True)
        while True:
            with self._begin_read() as connection:
                page = load_records(connection, after & _is_current(), pixels=pixels, limit=1 if pixels else _PAGE_SIZE)
            if not page:
                return
            yield from page
            last = (to_milliseconds(page[-1].created_at), page[-1].image_id)
            after = tuple_(IMAGES.c.created_ms, IMAGES.c.image_id) > last

    def compute_statistics(self) -> StoreStatistics:
        """Return counts over everything that has not expired."""
        images = select(func.count(), func.sum(func.length(IMAGES.c.image))).select_from(IMAGES)
        faces = select(func.count(), func.sum(func.length(FACES.c.crop))).select_from(FACES).join(IMAGES)
        pairs = (
            select(FEEDBACK.c.emotion, FACES.c.top, func.count())
            .select_from(FEEDBACK)
            .join(FACES)
            .join(IMAGES)
            .where(_is_current())
            .group_by(FEEDBACK.c.emotion, FACES.c.top)
        )
        with self._begin_read() as connection:
            num_images, image_bytes = connection.execute(images.where(_is_current())).one()
            num_faces, crop_bytes = connection.execute(faces.where(_is_current())).one()
            counts = [(Emotion(emotion), Emotion(top), count) for emotion, top, count in connection.execute(pairs)]
        pixel_bytes = int(image_bytes or 0) + int(crop_bytes or 0)
        return StoreStatistics.from_counts(num_images, num_faces, pixel_bytes, counts)

    def ping(self) -> None:
        """Check that the database responds."""
        with self._begin_read() as connection:
            connection.execute(select(SCHEMA.c.version))

    def close(self) -> None:
        """Close all connections."""
        self._writers.dispose()

    @contextlib.contextmanager
    def _begin_read(self) -> Iterator[Connection]:
        self._initialize()
        with self._translate_errors(), self._readers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _begin_write(self) -> Iterator[Connection]:
        self._initialize()
        with self._translate_errors(), self._writers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except PoolTimeoutError as error:
            raise self._unavailable("all connections are busy") from error
        except DBAPIError as error:
            raise self._unavailable(str(error.orig).strip().partition("\n")[0]) from error

    def _unavailable(self, reason: str) -> StoreUnavailableError:
        if self._url.password:
            reason = reason.replace(str(self._url.password), "***")
        return StoreUnavailableError(
            f"the store {self._redacted_url} cannot be used: {reason}; check its server or file"
        )

    def _initialize(self) -> None:
        # Several threads and processes may run this concurrently.
        if self._is_initialized:
            return
        with self._translate_errors():
            if self._is_sqlite:
                self._enable_wal()
            with self._writers.begin() as connection:
                if not self._is_sqlite:
                    # Two workers that start at the same time would both try to create the tables, and one would fail.
                    connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
                self._create_tables(connection)
        self._is_initialized = True

    def _create_tables(self, connection: Connection) -> None:
        tables = inspect(connection)
        if not tables.has_table(SCHEMA.name):
            if foreign := [table.name for table in METADATA.sorted_tables if tables.has_table(table.name)]:
                raise self._unavailable(f"it has a table {foreign[0]!r} that is not Mememoji's; name another database")
            METADATA.create_all(connection)
            connection.execute(insert(SCHEMA), {"version": SCHEMA_VERSION})
        found = connection.execute(select(func.max(SCHEMA.c.version))).scalar_one()
        if found != SCHEMA_VERSION:
            raise self._unavailable(
                f"its tables must be of version {SCHEMA_VERSION}, got version {found}; use the Mememoji that wrote them"
            )

    def _enable_wal(self) -> None:
        deadline = time.monotonic() + SQLITE_TIMEOUT
        # A new file is readable by its owner only; SQLite's other files inherit its mode.
        with contextlib.suppress(OSError):
            os.close(os.open(str(self._url.database), os.O_RDWR | os.O_CREAT, 0o600))
        # SQLite does not apply its timeout when two processes switch a new file to WAL at the same time.
        while True:
            try:
                with contextlib.closing(self._writers.raw_connection()) as connection:
                    connection.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.DatabaseError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > deadline:
                    raise self._unavailable(str(error)) from error
            time.sleep(0.02)

    def _truncate_wal(self) -> None:
        """Remove deleted pixels from SQLite's log too; if another process is reading it, the next deletion does so."""
        if not self._is_sqlite:
            return
        with (
            contextlib.suppress(sqlite3.Error, DBAPIError, PoolTimeoutError),
            contextlib.closing(self._writers.raw_connection()) as connection,
        ):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _is_current() -> ColumnElement[bool]:
    return or_(IMAGES.c.expires_ms.is_(None), IMAGES.c.expires_ms > to_milliseconds(utc_now()))

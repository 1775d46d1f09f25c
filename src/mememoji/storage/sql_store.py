"""Images in an SQL database: SQLite, or PostgreSQL."""

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
from mememoji.storage.image_record import StoredPhoto, is_photo_id, now
from mememoji.storage.image_store import MAX_FACE_INDEX, StoreStatistics, id_taken, no_face, no_feedback, no_photo
from mememoji.storage.sql_engines import SQLITE_WAIT, parsed, postgres_engine, sqlite_engine
from mememoji.storage.sql_tables import (
    FACES,
    FEEDBACK,
    METADATA,
    PHOTOS,
    SCHEMA,
    VERSION,
    face_rows,
    feedback_rows,
    load,
    milliseconds,
    photo_row,
)
from mememoji.storage.url_redaction import without_password

_SCHEMA_LOCK: Final = 0x6D656D656D6F6A69
_PAGE: Final = 200


class SqlStore:
    """A `PhotoStore` in SQLite or PostgreSQL; makes its tables where they are missing.

    Args:
        url: `sqlite:///FILE` (relative to the current folder) or `postgresql://USER:PASSWORD@HOST/DATABASE`.

    Raises:
        InputError: a URL that cannot be read, or a SQLite database in memory.
        MissingExtraError: no driver for PostgreSQL is installed.
    """

    def __init__(self, url: str) -> None:
        self._url = parsed(url)
        self._shown = without_password(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        engine = sqlite_engine(self._url) if self._is_sqlite else postgres_engine(self._url)
        # What a reader sees is of one moment, though it asks three tables one after the other.
        level = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._readers: Engine = engine.execution_options(**level)
        self._writers: Engine = engine.execution_options(writes=True)
        self._is_set_up = False

    def add(self, photo: StoredPhoto) -> None:
        """Store a new image: see `PhotoStore`."""
        try:
            with self._writing() as connection:
                connection.execute(insert(PHOTOS), photo_row(photo))
                for table, rows in ((FACES, face_rows(photo)), (FEEDBACK, feedback_rows(photo))):
                    if rows:
                        connection.execute(insert(table), rows)
        except IntegrityError as error:
            raise id_taken(photo.photo_id) from error

    def get(self, photo_id: str, *, pixels: bool = False) -> StoredPhoto:
        """The image of that identifier: see `PhotoStore`."""
        found: list[StoredPhoto] = []
        if is_photo_id(photo_id):
            with self._reading() as connection:
                found = load(connection, (PHOTOS.c.photo_id == photo_id) & _alive(), pixels=pixels)
        if not found:
            raise no_photo(photo_id)
        return found[0]

    def add_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Append what someone said of a face: see `PhotoStore`."""
        added = 0
        if is_photo_id(photo_id) and 0 <= face_index <= MAX_FACE_INDEX:
            moment = milliseconds(now())
            face = (
                select(FACES.c.photo_id, FACES.c.face_index, literal(emotion.value), literal(moment))
                .join(PHOTOS)
                .where(FACES.c.photo_id == photo_id, FACES.c.face_index == face_index, _alive())
            )
            columns = ["photo_id", "face_index", "emotion", "given_ms"]
            # An image that is deleted at this moment breaks the foreign key: it was not there any more.
            with contextlib.suppress(IntegrityError), self._writing() as connection:
                appended = insert(FEEDBACK).from_select(columns, face)
                # SQLAlchemy keeps the count of an INSERT only where it is asked to.
                added = connection.execute(appended, execution_options={"preserve_rowcount": True}).rowcount
        if not added:
            raise no_face(photo_id, face_index)

    def remove_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Take back one thing that was said of a face: see `PhotoStore`."""
        removed = 0
        if is_photo_id(photo_id) and 0 <= face_index <= MAX_FACE_INDEX:
            said = FEEDBACK.alias()
            last = (
                select(said.c.number)
                .select_from(said.join(FACES).join(PHOTOS))
                .where(said.c.photo_id == photo_id, said.c.face_index == face_index, _alive())
                .where(said.c.emotion == emotion.value)
                .order_by(said.c.number.desc())
                .limit(1)
                # Two who take back at once take two; the second must not wait for the first one's and find it gone.
                .with_for_update(skip_locked=True, of=said)
            )
            with self._writing() as connection:
                removed = connection.execute(
                    delete(FEEDBACK).where(FEEDBACK.c.number == last.scalar_subquery())
                ).rowcount
        if not removed:
            raise no_feedback(photo_id, face_index, emotion)

    def delete(self, photo_id: str) -> None:
        """Forget an image: see `PhotoStore`."""
        deleted = 0
        if is_photo_id(photo_id):
            with self._writing() as connection:
                which = (PHOTOS.c.photo_id == photo_id) & _alive()
                deleted = connection.execute(delete(PHOTOS).where(which)).rowcount
        if not deleted:
            raise no_photo(photo_id)
        self._empty_log()

    def delete_expired(self, now: datetime) -> int:
        """Forget what has expired by then: see `PhotoStore`. No pixels are left behind here: they are in the rows."""
        with self._writing() as connection:
            deleted = connection.execute(delete(PHOTOS).where(PHOTOS.c.expires_ms <= milliseconds(now))).rowcount
        if deleted:
            self._empty_log()
        return deleted

    def photos(self, *, pixels: bool = False) -> Iterator[StoredPhoto]:
        """All images, oldest first: see `PhotoStore`."""
        after: ColumnElement[bool] = literal(True)
        while True:
            with self._reading() as connection:
                page = load(connection, after & _alive(), pixels=pixels, limit=1 if pixels else _PAGE)
            if not page:
                return
            yield from page
            last = (milliseconds(page[-1].created_at), page[-1].photo_id)
            after = tuple_(PHOTOS.c.created_ms, PHOTOS.c.photo_id) > last

    def statistics(self) -> StoreStatistics:
        """Counts over everything that has not expired."""
        photos = select(func.count(), func.sum(func.length(PHOTOS.c.picture))).select_from(PHOTOS).where(_alive())
        faces = select(func.count(), func.sum(func.length(FACES.c.crop))).select_from(FACES).join(PHOTOS)
        said = (
            select(FEEDBACK.c.emotion, FACES.c.top, func.count())
            .select_from(FEEDBACK)
            .join(FACES)
            .join(PHOTOS)
            .where(_alive())
            .group_by(FEEDBACK.c.emotion, FACES.c.top)
        )
        with self._reading() as connection:
            photo_count, picture_bytes = connection.execute(photos).one()
            face_count, crop_bytes = connection.execute(faces.where(_alive())).one()
            counts = [(Emotion(given), Emotion(top), count) for given, top, count in connection.execute(said)]
        return StoreStatistics.of(photo_count, face_count, int(picture_bytes or 0) + int(crop_bytes or 0), counts)

    def ping(self) -> None:
        """Return when the database answers."""
        with self._reading() as connection:
            connection.execute(select(SCHEMA.c.version))

    def close(self) -> None:
        """Let go of connections."""
        self._writers.dispose()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._set_up()
        with self._reporting(), self._readers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        self._set_up()
        with self._reporting(), self._writers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
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
        return StoreUnavailableError(f"the store {self._shown} cannot be used: {reason}; check its server or file")

    def _set_up(self) -> None:
        # Threads and processes may do this at once.
        if self._is_set_up:
            return
        with self._reporting():
            if self._is_sqlite:
                self._log_ahead()
            with self._writers.begin() as connection:
                if not self._is_sqlite:
                    # Two workers that start at once would both find no tables, and one would fail to make them.
                    connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
                self._make_tables(connection)
        self._is_set_up = True

    def _make_tables(self, connection: Connection) -> None:
        tables = inspect(connection)
        if not tables.has_table(SCHEMA.name):
            if foreign := [table.name for table in METADATA.sorted_tables if tables.has_table(table.name)]:
                raise self._unavailable(f"it has a table {foreign[0]!r} that is not Mememoji's; name another database")
            METADATA.create_all(connection)
            connection.execute(insert(SCHEMA), {"version": VERSION})
        found = connection.execute(select(func.max(SCHEMA.c.version))).scalar_one()
        if found != VERSION:
            raise self._unavailable(
                f"its tables are of version {found}, and this Mememoji knows version {VERSION}; upgrade Mememoji"
            )

    def _log_ahead(self) -> None:
        ends = time.monotonic() + SQLITE_WAIT
        # A new file is its owner's alone; SQLite's other files follow it.
        with contextlib.suppress(OSError):
            os.close(os.open(str(self._url.database), os.O_RDWR | os.O_CREAT, 0o600))
        # Only here SQLite does not wait by itself: where two processes switch a new file to WAL at once.
        while True:
            try:
                with contextlib.closing(self._writers.raw_connection()) as connection:
                    connection.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.DatabaseError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > ends:
                    raise self._unavailable(str(error)) from error
            time.sleep(0.02)

    def _empty_log(self) -> None:
        """Take deleted pixels out of SQLite's log too; where another process is just reading it, the next one does."""
        if not self._is_sqlite:
            return
        with (
            contextlib.suppress(sqlite3.Error, DBAPIError, PoolTimeoutError),
            contextlib.closing(self._writers.raw_connection()) as connection,
        ):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _alive() -> ColumnElement[bool]:
    return or_(PHOTOS.c.expires_ms.is_(None), PHOTOS.c.expires_ms > milliseconds(now()))

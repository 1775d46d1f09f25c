"""What the service remembers: images in the store, reached from threads beside the event loop."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import structlog

from mememoji.emotions import Emotion
from mememoji.errors import StoreUnavailableError
from mememoji.service.api_errors import OverloadedError, ProblemError
from mememoji.service.inference.inference_pool import Reading
from mememoji.service.settings import ServiceSettings
from mememoji.storage.image_record import Kept, StoredPhoto, new_photo_id, now
from mememoji.storage.image_store import PhotoStore

T = TypeVar("T")
_THREADS: Final = 4
_WAITING: Final = 256
_log = structlog.get_logger("mememoji.service")


class PhotoMemory:
    """The store as the service uses it.

    Args:
        store: None remembers nothing; then what needs an image answers 404.
        settings: what is kept, how long, and whether predict needs it.
    """

    def __init__(self, store: PhotoStore | None, settings: ServiceSettings) -> None:
        self._store, self._settings = store, settings
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")
        self._pending = 0
        self._purging: asyncio.Task[None] | None = None

    @property
    def stores(self) -> bool:
        """Whether there is a store at all."""
        return self._store is not None

    async def add(self, reading: Reading) -> tuple[str, bool]:
        """Store what was read; gives the image's identifier, and whether it is stored.

        Raises:
            StoreUnavailableError: the store is down, and the settings say that predict needs it.
        """
        if self._store is None:
            return new_photo_id(), False
        photo = StoredPhoto.of(
            reading.analysis,
            lifetime=self._settings.lifetime,
            picture=reading.content if self._settings.keep is Kept.RECEIVED else None,
            crops=reading.crops if self._settings.keep is Kept.CROPS else None,
        )
        try:
            await self._run(functools.partial(self._store.add, photo))
        except StoreUnavailableError:
            if self._settings.store_required:
                raise
            _log.warning("image not stored: the store cannot be reached")
            return photo.photo_id, False
        return photo.photo_id, True

    async def get(self, photo_id: str) -> StoredPhoto:
        """Raises `NotStoredError` or `StoreUnavailableError`, as the store does."""
        return await self._run(functools.partial(self._required().get, photo_id))

    async def add_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Raises `NotStoredError` or `StoreUnavailableError`, as the store does."""
        await self._run(functools.partial(self._required().add_feedback, photo_id, face_index, emotion))

    async def remove_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Raises `NotStoredError` or `StoreUnavailableError`, as the store does."""
        await self._run(functools.partial(self._required().remove_feedback, photo_id, face_index, emotion))

    async def delete(self, photo_id: str) -> None:
        """Raises `NotStoredError` or `StoreUnavailableError`, as the store does."""
        await self._run(functools.partial(self._required().delete, photo_id))

    async def ping(self) -> None:
        """Return when the store answers, or where there is none to wait for."""
        if self._store is not None:
            await self._run(self._store.ping)

    def start(self) -> None:
        """Begin to delete what expires, again and again."""
        if self._store is not None:
            self._purging = asyncio.create_task(self._purge(self._store))

    async def stop(self) -> None:
        """Finish what was begun and let go of the store."""
        if self._purging is not None:
            self._purging.cancel()
            await asyncio.gather(self._purging, return_exceptions=True)
        self._executor.shutdown(wait=True)
        if self._store is not None:
            self._store.close()

    async def _purge(self, store: PhotoStore) -> None:
        while True:
            try:
                gone = await self._run(lambda: store.delete_expired(now()))
                if gone:
                    _log.info("expired images deleted", photos=gone)
            except (StoreUnavailableError, ProblemError) as error:
                _log.warning("expired images not deleted", reason=str(error))
            await asyncio.sleep(self._settings.purge_seconds)

    def _required(self) -> PhotoStore:
        if self._store is None:
            raise ProblemError(404, "this service stores no images; set MEMEMOJI_STORE")
        return self._store

    async def _run(self, work: Callable[[], T]) -> T:
        if self._pending >= _WAITING:
            raise OverloadedError("too many requests wait for the store; try again in a moment")
        self._pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._leave)
        # A caller that goes away does not call a write back: it is finished, and acknowledged to nobody.
        return await asyncio.shield(future)

    def _leave(self, future: "asyncio.Future[T]") -> None:
        self._pending -= 1
        if not future.cancelled():
            future.exception()

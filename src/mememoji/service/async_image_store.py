"""The image store of the service, called from threads so that the event loop does not wait for the database."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import structlog

from mememoji.emotions import Emotion
from mememoji.errors import StoreUnavailableError
from mememoji.service.api_errors import APIError, OverloadedError
from mememoji.service.inference.inference_pool import InferenceResult
from mememoji.service.settings import ServiceSettings
from mememoji.storage.image_record import ImageRecord, PixelRetention, generate_image_id, utc_now
from mememoji.storage.image_store import ImageStore

T = TypeVar("T")
_NUM_THREADS: Final = 4
_MAX_PENDING: Final = 256
_log = structlog.get_logger("mememoji.service")


class AsyncImageStore:
    """An `ImageStore` with coroutines, which also deletes expired images regularly.

    Every method raises what the store's method raises, and `OverloadedError` if too many calls are pending.

    Args:
        store: The store; None stores nothing, and methods that need an image then raise an `APIError` of status 404.
        settings: The pixels to store, the time to live, and whether predict requires the store.
    """

    def __init__(self, store: ImageStore | None, settings: ServiceSettings) -> None:
        self._store, self._settings = store, settings
        self._executor = ThreadPoolExecutor(_NUM_THREADS, thread_name_prefix="store")
        self._num_pending = 0
        self._purge_task: asyncio.Task[None] | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether images are stored at all."""
        return self._store is not None

    async def add(self, result: InferenceResult) -> tuple[str, bool]:
        """Store an analyzed image; return its identifier, and whether it is stored.

        Raises:
            StoreUnavailableError: The store is unavailable, and the settings require it.
        """
        if self._store is None:
            return generate_image_id(), False
        retention = self._settings.store_pixels
        record = ImageRecord.from_analysis(
            result.analysis,
            crop_margin=result.crop_margin,
            crop_aligned=result.crop_aligned,
            ttl=self._settings.ttl,
            image=result.content if retention is PixelRetention.RECEIVED else None,
            crops=result.crops if retention is PixelRetention.CROPS else None,
        )
        try:
            await self._run(functools.partial(self._store.add, record))
        except StoreUnavailableError:
            if self._settings.store_required:
                raise
            _log.warning("image not stored: the store cannot be reached")
            return record.image_id, False
        return record.image_id, True

    async def get(self, image_id: str, *, pixels: bool = False) -> ImageRecord:
        """Return a stored image, with its pixels only if `pixels`: see `ImageStore.get`."""
        return await self._run(functools.partial(self._require_store().get, image_id, pixels=pixels))

    async def add_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Append an emotion to the feedback on a face: see `ImageStore.add_feedback`."""
        await self._run(functools.partial(self._require_store().add_feedback, image_id, face_index, emotion))

    async def delete_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Delete the latest feedback on a face that equals this emotion: see `ImageStore.delete_feedback`."""
        await self._run(functools.partial(self._require_store().delete_feedback, image_id, face_index, emotion))

    async def delete(self, image_id: str) -> None:
        """Delete an image: see `ImageStore.delete`."""
        await self._run(functools.partial(self._require_store().delete, image_id))

    async def ping(self) -> None:
        """Check that the database responds, if there is a store: see `ImageStore.ping`."""
        if self._store is not None:
            await self._run(self._store.ping)

    def start(self) -> None:
        """Start the regular deletion of expired images."""
        if self._store is not None:
            self._purge_task = asyncio.create_task(self._purge(self._store))

    async def stop(self) -> None:
        """Finish pending calls and close the store."""
        if self._purge_task is not None:
            self._purge_task.cancel()
            await asyncio.gather(self._purge_task, return_exceptions=True)
        self._executor.shutdown(wait=True)
        if self._store is not None:
            self._store.close()

    async def _purge(self, store: ImageStore) -> None:
        while True:
            try:
                num_deleted = await self._run(lambda: store.delete_expired(utc_now()))
                if num_deleted:
                    _log.info("expired images deleted", images=num_deleted)
            except (StoreUnavailableError, APIError) as error:
                _log.warning("expired images not deleted", reason=str(error))
            await asyncio.sleep(self._settings.purge_interval)

    def _require_store(self) -> ImageStore:
        if self._store is None:
            raise APIError(404, "this service stores no images; set MEMEMOJI_STORE")
        return self._store

    async def _run(self, call: Callable[[], T]) -> T:
        if self._num_pending >= _MAX_PENDING:
            raise OverloadedError("too many requests wait for the store; try again in a moment")
        self._num_pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, call)
        future.add_done_callback(self._release)
        # A client that disconnects does not cancel a write: it is finished, although nobody receives the response.
        return await asyncio.shield(future)

    def _release(self, future: "asyncio.Future[T]") -> None:
        self._num_pending -= 1
        if not future.cancelled():
            future.exception()  # retrieved, so that asyncio does not log it for a client that has disconnected

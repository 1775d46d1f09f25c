"""The state that the routes of a running service share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from mememoji.service.api_errors import OverloadedError
from mememoji.service.async_image_store import AsyncImageStore
from mememoji.service.inference.inference_pool import InferencePool
from mememoji.service.middleware.prometheus_metrics import PrometheusMetrics
from mememoji.service.middleware.request_stats import RequestStats
from mememoji.service.settings import ServiceSettings
from mememoji.service.url_fetcher.image_fetcher import ImageFetcher
from mememoji.service.web_app import WebApp


class ConcurrencyLimiter:
    """A limit on the number of concurrent operations in one worker; further ones are refused at once.

    Args:
        limit: The largest number of concurrent operations; 0 refuses all.
        name: The plural name of the operations, for the error message.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit, self._name = limit, name
        self._num_active = 0

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Count one operation as active while the block runs.

        Raises:
            OverloadedError: The limit is reached.
        """
        if self._num_active >= self._limit:
            raise OverloadedError(f"too many {self._name} at once; try again in a moment")
        self._num_active += 1
        try:
            yield
        finally:
            self._num_active -= 1


@dataclass(frozen=True, slots=True)
class AppState:
    """The components of a running service.

    Attributes:
        settings: The settings that the application was created from.
        pool: The threads that analyze images.
        store: The image store, which is disabled if the settings name none.
        fetcher: The fetcher of images by URL.
        metrics: The Prometheus metrics of all workers.
        stats: The request statistics of all workers.
        websocket_limiter: The limit on open WebSockets.
        fetch_limiter: The limit on concurrent fetches.
        web_app: The built web app; None if it is not built.
    """

    settings: ServiceSettings
    pool: InferencePool
    store: AsyncImageStore
    fetcher: ImageFetcher
    metrics: PrometheusMetrics
    stats: RequestStats
    websocket_limiter: ConcurrencyLimiter
    fetch_limiter: ConcurrencyLimiter
    web_app: WebApp | None


async def get_state(connection: HTTPConnection) -> AppState:
    """Return the state of the application that handles a request or WebSocket, as a dependency of routes."""
    # A coroutine although it awaits nothing: FastAPI runs plain functions in a thread pool.
    state: AppState = connection.app.state.app_state
    return state

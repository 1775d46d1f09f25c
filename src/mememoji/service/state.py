"""The parts of a running service, as its routes reach them."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from mememoji.service.image_records import PhotoMemory
from mememoji.service.inference.concurrency_limiter import Places
from mememoji.service.inference.inference_pool import ReadingPool
from mememoji.service.middleware.prometheus import Metrics
from mememoji.service.middleware.request_stats import Activity
from mememoji.service.settings import ServiceSettings
from mememoji.service.url_fetcher.image_fetcher import PictureFetcher
from mememoji.service.web_app import WebApp


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running service, which its routes use."""

    settings: ServiceSettings
    pool: ReadingPool
    memory: PhotoMemory
    fetcher: PictureFetcher
    metrics: Metrics
    activity: Activity
    sessions: Places
    fetches: Places
    web: WebApp | None


async def service_of(connection: HTTPConnection) -> Service:
    """The service that answers this request or session, as a dependency of routes."""
    # A coroutine although it waits for nothing: FastAPI runs plain functions in threads.
    service: Service = connection.app.state.service
    return service

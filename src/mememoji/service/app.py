"""The application: made from settings, with the seams that tests and other programs hand in."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import cv2
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from mememoji.analyzer import Analyzer
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import find_weights
from mememoji.image_io import ImageLimits
from mememoji.service.api_errors import add_handlers
from mememoji.service.image_records import PhotoMemory
from mememoji.service.inference.batching import BatchingClassifier
from mememoji.service.inference.concurrency_limiter import Places
from mememoji.service.inference.inference_pool import ReadingPool
from mememoji.service.middleware.guards import KEY_HEADER, Guards
from mememoji.service.middleware.prometheus import Metrics
from mememoji.service.middleware.request_logging import REQUEST_ID, Observation
from mememoji.service.middleware.request_stats import Activity
from mememoji.service.routes import admin, feedback, images, web
from mememoji.service.routes import models as model
from mememoji.service.routes import policy as terms
from mememoji.service.routes import predictions as predict
from mememoji.service.routes import websocket as live
from mememoji.service.settings import NO_STORE, ServiceSettings
from mememoji.service.state import Service
from mememoji.service.url_fetcher.image_fetcher import PictureFetcher
from mememoji.service.web_app import BUILT, WebApp
from mememoji.storage.factory import open_store
from mememoji.storage.image_store import PhotoStore
from mememoji.version import __version__

_BESIDE: Final = (
    "Beside the routes below, which are all that such a page can show, the WebSocket `/v1.0.0/live` takes a camera's "
    "frames, an image file in each binary message, and answers the newest with its faces as JSON."
)


def create_app(
    settings: ServiceSettings,
    *,
    analyzer: Analyzer | None = None,
    store: PhotoStore | None = None,
    fetcher: PictureFetcher | None = None,
    web_folder: Path = BUILT,
) -> FastAPI:
    """Make the application.

    Args:
        settings: everything else.
        analyzer: reads images; None makes one as the settings say.
        store: remembers images; None opens the one of the settings, and the application closes it.
        fetcher: fetches addresses; None makes one as the settings say.
        web_folder: where the web app is built, if it is.

    Raises:
        InputError: no such store, detector or classifier.
        ModelError: the weights are missing or do not fit their card.
    """
    web_app = WebApp.read(web_folder)
    metrics, activity = Metrics(settings.shared_folder), Activity(settings.shared_folder)
    if analyzer is None:
        analyzer = make_analyzer(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Requests run side by side; an image that took every core for itself would only delay the others.
        cv2.setNumThreads(1)
        opened = store
        if opened is None and settings.store != NO_STORE:
            opened = await asyncio.to_thread(open_store, settings.store)
        service = Service(
            settings=settings,
            pool=ReadingPool(
                analyzer,
                threads=settings.threads,
                queue=settings.queue,
                seconds=settings.answer_seconds,
                max_faces=settings.max_faces,
            ),
            memory=PhotoMemory(opened, settings),
            fetcher=fetcher or make_fetcher(settings),
            metrics=metrics,
            activity=activity,
            sessions=Places(settings.max_live, "live sessions"),
            fetches=Places(settings.queue, "images fetched"),
            web=web_app,
        )
        app.state.service = service
        service.memory.start()
        yield
        await asyncio.to_thread(service.pool.close)
        await service.memory.stop()
        await service.fetcher.aclose()

    app = FastAPIOffline(
        title="Mememoji",
        version=__version__,
        summary="Reads facial expressions: how much of each of six emotions every face of an image shows.",
        description=_BESIDE,
        lifespan=lifespan,
        redoc_url=None,
        middleware=[
            Middleware(Observation, metrics=metrics, activity=activity),
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=[KEY_HEADER, REQUEST_ID, "Content-Type"],
                expose_headers=[REQUEST_ID, "Retry-After"],
            ),
            Middleware(Guards, settings=settings),
        ],
    )
    add_handlers(app)
    for routes in (predict, feedback, images, model, live, terms, admin, web):
        app.include_router(routes.router)
    app.openapi = functools.partial(_document, app.openapi, needs_key=bool(settings.api_keys))  # type: ignore[method-assign]
    return app


def _document(made: Callable[[], dict[str, Any]], *, needs_key: bool) -> dict[str, Any]:
    """FastAPI's own document, less the one error that only FastAPI would send, and with the key where one is needed."""
    document = made()
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    if needs_key:
        document["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path.startswith("/health/") else [{"key": []}]
    return document


def make_analyzer(settings: ServiceSettings) -> Analyzer:
    """An analyzer whose classifier batches what comes together.

    Raises:
        InputError: no such detector or classifier.
        ModelError: weights are missing or do not fit their card.
    """
    classifier = OnnxClassifier(find_weights(settings.weights or settings.classifier), threads=1)
    limits = ImageLimits(max_bytes=settings.max_body_bytes, max_pixels=settings.max_pixels)
    return Analyzer(settings.detector, BatchingClassifier(classifier), limits=limits)


def make_fetcher(settings: ServiceSettings) -> PictureFetcher:
    """A fetcher within the settings' limits."""
    options: dict[str, Any] = {
        "max_bytes": settings.max_body_bytes,
        "seconds": settings.fetch_seconds,
        "max_redirects": settings.fetch_redirects,
        "allow_private": settings.fetch_private,
    }
    return PictureFetcher(**options)

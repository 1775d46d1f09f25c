"""The application of the service, created from settings."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import cv2
from fastapi import FastAPI
from starlette.middleware import Middleware

from mememoji.analyzer import Analyzer
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import find_weights
from mememoji.image_io import ImageLimits
from mememoji.service.api_errors import add_error_handlers
from mememoji.service.async_image_store import AsyncImageStore
from mememoji.service.inference.batching import BatchingClassifier
from mememoji.service.inference.inference_pool import InferencePool
from mememoji.service.middleware.admission import RequestHeadLimit
from mememoji.service.middleware.auth import KEY_HEADER, ApiKeyAuth
from mememoji.service.middleware.body_limit import BodyLimit
from mememoji.service.middleware.cors import CORS
from mememoji.service.middleware.host_check import HostCheck
from mememoji.service.middleware.prometheus_metrics import PrometheusMetrics
from mememoji.service.middleware.rate_limit import RateLimit
from mememoji.service.middleware.request_logging import RequestLogging
from mememoji.service.middleware.request_stats import RequestStats
from mememoji.service.origin_policy import OriginPolicy
from mememoji.service.routes import admin, api_docs, feedback, images, models, policy, predictions, web, websocket
from mememoji.service.settings import NO_STORE, ServiceSettings
from mememoji.service.state import AppState, ConcurrencyLimiter
from mememoji.service.url_fetcher.image_fetcher import ImageFetcher
from mememoji.service.web_app import STATIC_FOLDER, WebApp
from mememoji.storage.factory import open_store
from mememoji.storage.image_store import ImageStore
from mememoji.version import __version__

_DESCRIPTION: Final = (
    "In addition to the routes below, which are all that this page can show, the WebSocket `/v1.0.0/live` receives the "
    "frames of a camera, one image file in each binary message, and responds with the faces of the latest one as JSON."
)


def create_app(
    settings: ServiceSettings,
    *,
    analyzer: Analyzer | None = None,
    store: ImageStore | None = None,
    fetcher: ImageFetcher | None = None,
    web_folder: Path = STATIC_FOLDER,
) -> FastAPI:
    """Create the application.

    Args:
        settings: The settings of the service.
        analyzer: The analyzer of images; None makes one from the settings.
        store: The image store; None opens the one that the settings name. The application closes it.
        fetcher: The fetcher of images by URL; None makes one from the settings.
        web_folder: The folder of the built web app, if it is built.

    Raises:
        InputError: The store, detector or classifier is unknown.
        ModelError: The weights are missing or do not match their card.

    Example:
        >>> from mememoji.service.app import create_app
        >>> from mememoji.service.settings import ServiceSettings
        >>> app = create_app(ServiceSettings(store="none"))
        >>> sorted(app.openapi()["paths"])[:2]
        ['/admin/status', '/health/live']
        >>> import uvicorn
        >>> uvicorn.run(app, port=8000)  # doctest: +SKIP
    """
    web_app = WebApp.from_folder(web_folder)
    metrics, stats = PrometheusMetrics(settings.shared_folder), RequestStats(settings.shared_folder)
    if analyzer is None:
        analyzer = make_analyzer(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Requests run concurrently; an image that used every core would only delay the others.
        cv2.setNumThreads(1)
        image_store = store
        if image_store is None and settings.store != NO_STORE:
            image_store = await asyncio.to_thread(open_store, settings.store)
        state = AppState(
            settings=settings,
            pool=InferencePool(
                analyzer,
                num_threads=settings.threads,
                queue_size=settings.queue_size,
                timeout=settings.request_timeout,
                max_faces=settings.max_faces,
            ),
            store=AsyncImageStore(image_store, settings),
            fetcher=fetcher or make_fetcher(settings),
            metrics=metrics,
            stats=stats,
            websocket_limiter=ConcurrencyLimiter(settings.max_websockets, "live sessions"),
            fetch_limiter=ConcurrencyLimiter(settings.queue_size, "images fetched"),
            web_app=web_app,
        )
        app.state.app_state = state
        state.store.start()
        yield
        await asyncio.to_thread(state.pool.close)
        await state.store.stop()
        await state.fetcher.aclose()

    app = FastAPI(
        title="Mememoji",
        version=__version__,
        summary="Recognizes facial expressions: a composition of six emotions for every face of an image.",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=_make_middleware(settings, analyzer.classifier.card, metrics, stats),
    )
    add_error_handlers(app)
    for resource in (predictions, feedback, images, models, websocket, policy, admin, api_docs, web):
        app.include_router(resource.router)
    app.openapi = functools.partial(_make_openapi, app.openapi, needs_key=bool(settings.api_keys))  # type: ignore[method-assign]
    return app


def make_analyzer(settings: ServiceSettings) -> Analyzer:
    """Return an analyzer whose classifier batches the faces of concurrent requests.

    Raises:
        InputError: The detector or classifier is unknown.
        ModelError: The weights are missing or do not match their card.
    """
    classifier = OnnxClassifier(find_weights(settings.weights or settings.classifier), num_threads=1)
    limits = ImageLimits(max_bytes=settings.max_body_bytes, max_pixels=settings.max_pixels)
    return Analyzer(settings.detector, BatchingClassifier(classifier), limits=limits)


def make_fetcher(settings: ServiceSettings) -> ImageFetcher:
    """Return a fetcher with the limits of the settings."""
    return ImageFetcher(
        max_bytes=settings.max_body_bytes,
        timeout=settings.fetch_timeout,
        max_redirects=settings.fetch_max_redirects,
        allow_private=settings.fetch_allow_private,
    )


def _make_middleware(
    settings: ServiceSettings, card: ModelCard, metrics: PrometheusMetrics, stats: RequestStats
) -> list[Middleware]:
    """Return the middleware, the outermost first."""
    policy = OriginPolicy.from_settings(settings)
    return [
        # Outside of all others, because pages of other origins have to read every error.
        Middleware(CORS, policy=policy),
        Middleware(RequestLogging, metrics=metrics, stats=stats, card=card),
        Middleware(HostCheck, policy=policy),
        Middleware(RequestHeadLimit, max_bytes=settings.max_request_head_bytes),
        Middleware(ApiKeyAuth, api_keys=settings.api_keys, policy=policy),
        Middleware(RateLimit, rate=settings.rate_limit),
        Middleware(BodyLimit, max_bytes=settings.max_body_bytes, timeout=settings.body_timeout),
    ]


def _make_openapi(make: Callable[[], dict[str, Any]], *, needs_key: bool) -> dict[str, Any]:
    """Return FastAPI's OpenAPI document without the error that the service never sends, and with the API key."""
    document = make()
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

"""The server: one process or several workers, started and stopped."""

import functools
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from mememoji.errors import InputError
from mememoji.service.server.http_protocol import ServiceProtocol
from mememoji.service.server.memory import keep_freed_memory, spare_what_stays
from mememoji.service.settings import NO_STORE, ServiceSettings

_APPLICATION = "mememoji.service.server.process:make_worker"


def serve(settings: ServiceSettings) -> None:
    """Serve until told to stop; what was accepted is finished first.

    Raises:
        MememojiError: address, store, detector or weights of the settings cannot be used.
    """
    with _shared(settings) as shared, _exported(shared):
        _check(shared)
        uvicorn.run(_APPLICATION, factory=True, workers=shared.workers, **uvicorn_options(shared))


def uvicorn_options(settings: ServiceSettings) -> dict[str, Any]:
    """How uvicorn is to serve, as keywords of its `Config`."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": functools.partial(
            ServiceProtocol,
            head_seconds=settings.body_seconds,
            head_bytes=settings.max_line_bytes,
            origins=settings.cors_origins,
        ),
        "loop": "mememoji.service.server.event_loop:make_loop",
        "ws": "websockets-sansio",
        "ws_max_size": settings.max_body_bytes,
        "timeout_graceful_shutdown": max(1, round(settings.shutdown_seconds)),
        "access_log": False,
        "log_config": None,
        "server_header": False,
    }


def make_worker() -> Any:
    """The application of one worker, its log set up; settings come from the environment."""
    from mememoji.service.app import create_app

    settings = ServiceSettings()
    set_up_log(settings)
    keep_freed_memory()
    app = create_app(settings)
    spare_what_stays()
    return app


def set_up_log(settings: ServiceSettings) -> None:
    """Write log lines to standard error, uvicorn's in the same form; for the process that serves, not for libraries."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.processors.JSONRenderer() if settings.log == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=open(2, "w", closefd=False, buffering=1)),  # noqa: SIM115
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    handler.addFilter(_tells_no_query)
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _tells_no_query(record: logging.LogRecord) -> bool:
    # uvicorn tells of each WebSocket with its query, where the key may stand; `Observation` has a line for it.
    return '"WebSocket ' not in str(record.msg)


def _check(settings: ServiceSettings) -> None:
    """Try what would fail in the server or in each worker, where it would be told at length and again and again.

    Raises:
        MememojiError: as `serve` does.
    """
    from mememoji.service.app import make_analyzer
    from mememoji.storage.factory import open_store

    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise InputError(f"cannot listen on {where}: {error.strerror}; give others with --host and --port") from error
    if settings.store != NO_STORE:
        open_store(settings.store).close()
    if settings.workers > 1:  # a single one is made in this process
        make_analyzer(settings)


@contextmanager
def _shared(settings: ServiceSettings) -> Iterator[ServiceSettings]:
    """The settings with a folder where workers add up their figures, gone at the end."""
    if settings.workers == 1 or settings.shared_folder is not None:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="mememoji-") as folder:
        yield settings.model_copy(update={"shared_folder": Path(folder)})


@contextmanager
def _exported(settings: ServiceSettings) -> Iterator[None]:
    """The settings as environment variables, for workers; prometheus_client reads its own when it is imported."""
    variables = settings.environment()
    if settings.shared_folder is not None:
        variables["PROMETHEUS_MULTIPROC_DIR"] = str(settings.shared_folder)
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

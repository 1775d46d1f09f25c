"""The server: one process or several workers, their logging, start and shutdown."""

import errno
import functools
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from mememoji.errors import InputError
from mememoji.service.origin_policy import OriginPolicy
from mememoji.service.server.announcement import announce_when_ready
from mememoji.service.server.http_protocol import LimitedHttpProtocol
from mememoji.service.server.memory import freeze_gc, tune_malloc
from mememoji.service.settings import NO_STORE, ServiceSettings

_WORKER_FACTORY = "mememoji.service.server.process:make_worker"


def serve(settings: ServiceSettings, *, opens_browser: bool = False) -> None:
    """Serve until a signal stops the process; accepted requests are finished first.

    Args:
        settings: The settings of the service.
        opens_browser: Whether to open the web app in a browser once it can be reached.

    Raises:
        MememojiError: The address, store, detector or weights of the settings cannot be used.
    """
    settings = settings.model_copy(update={"port": _find_port(settings)})
    with _share_folder(settings) as shared_settings, _export_settings(shared_settings):
        _validate(shared_settings)
        configure_logging(shared_settings)
        announce_when_ready(shared_settings, opens_browser=opens_browser)
        uvicorn.run(
            _WORKER_FACTORY, factory=True, workers=shared_settings.workers, **make_uvicorn_options(shared_settings)
        )


def make_uvicorn_options(settings: ServiceSettings) -> dict[str, Any]:
    """Return the keyword arguments of uvicorn's `Config` for these settings."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": functools.partial(
            LimitedHttpProtocol,
            head_timeout=settings.body_timeout,
            max_head_bytes=settings.max_request_head_bytes,
            policy=OriginPolicy.from_settings(settings),
        ),
        "loop": "mememoji.service.server.event_loop:make_loop",
        "ws": "websockets-sansio",
        "ws_max_size": settings.max_body_bytes,
        "timeout_graceful_shutdown": max(1, round(settings.shutdown_timeout)),
        "access_log": False,
        "log_config": None,
        "server_header": False,
    }


def make_worker() -> Any:
    """Return the application of one worker with settings from the environment, and configure its process."""
    from mememoji.service.app import create_app

    settings = ServiceSettings()
    configure_logging(settings)
    tune_malloc()
    app = create_app(settings)
    freeze_gc()
    return app


def configure_logging(settings: ServiceSettings) -> None:
    """Write log lines to standard error, uvicorn's in the same format; for the server process, not for libraries."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.processors.JSONRenderer()
    if settings.has_console_log:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=open(2, "w", closefd=False, buffering=1)),  # noqa: SIM115
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    handler.addFilter(_has_no_query)
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [handler], False
    # On a console the announcement says that the server is ready, and at which address.
    logger.setLevel(logging.WARNING if settings.has_console_log else logging.INFO)


def _has_no_query(record: logging.LogRecord) -> bool:
    # uvicorn logs each WebSocket with its query, which may contain the key; `RequestLogging` logs it without.
    return '"WebSocket ' not in str(record.msg)


def _find_port(settings: ServiceSettings) -> int:
    """Return the port to listen on, which is known before the workers start, also if any free one will do.

    Raises:
        InputError: The address cannot be used.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
            return int(probe.getsockname()[1])
    except OSError as error:
        address = f"port {settings.port} of {settings.host}"
        if error.errno == errno.EADDRINUSE:
            other = settings.port + 1 if settings.port < 65535 else 8000
            raise InputError(f"{address} is taken; choose another one, for example with --port {other}") from error
        if error.errno == errno.EACCES:
            raise InputError(f"{address} is not permitted; choose one from 1024 on with --port") from error
        raise InputError(f"cannot listen on {address}: {error.strerror}; set others with --host and --port") from error


def _validate(settings: ServiceSettings) -> None:
    """Try everything that would otherwise fail with a traceback in the server or repeatedly in each worker.

    Raises:
        MememojiError: See `serve`.
    """
    from mememoji.service.app import make_analyzer
    from mememoji.storage.factory import open_store

    if settings.store != NO_STORE:
        open_store(settings.store).close()
    if settings.workers > 1:  # a single worker runs in this process and fails with the same message
        make_analyzer(settings)


@contextmanager
def _share_folder(settings: ServiceSettings) -> Iterator[ServiceSettings]:
    """Yield the settings with a temporary folder in which several workers sum up their metrics."""
    if settings.workers == 1 or settings.shared_folder is not None:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="mememoji-") as folder:
        yield settings.model_copy(update={"shared_folder": Path(folder)})


@contextmanager
def _export_settings(settings: ServiceSettings) -> Iterator[None]:
    """Set environment variables from which workers read the settings, and prometheus_client its folder."""
    variables = settings.to_environment()
    if settings.shared_folder is not None:
        variables["PROMETHEUS_MULTIPROC_DIR"] = str(settings.shared_folder)
    previous = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(previous)

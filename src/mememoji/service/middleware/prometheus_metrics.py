"""Metrics of the service for Prometheus."""

from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""The media type of `PrometheusMetrics.to_text`."""

_BUCKET_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class PrometheusMetrics:
    """The counters of this worker, and the sum over all workers.

    Args:
        folder: The folder in which workers sum up; `PROMETHEUS_MULTIPROC_DIR` must name it before prometheus_client is
            imported. None counts for this process only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = registry = CollectorRegistry()
        self.requests = Counter("mememoji_requests", "Responses.", ["route", "method", "status"], registry=registry)
        self.seconds = Histogram(
            "mememoji_request_seconds", "Response time.", ["route"], registry=registry, buckets=_BUCKET_SECONDS
        )
        self.images = Counter("mememoji_images", "Analyzed images.", registry=registry)
        self.faces = Counter("mememoji_faces", "Detected faces by top emotion.", ["emotion"], registry=registry)
        self.feedback = Counter("mememoji_feedback", "Feedback by emotion.", ["emotion"], registry=registry)
        self.frames = Counter(
            "mememoji_live_frames",
            "WebSocket frames: analyzed, skipped or refused.",
            ["outcome"],
            registry=registry,
        )

    def to_text(self) -> bytes:
        """Return the metrics of all workers in the text format of Prometheus."""
        if self._folder is None:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

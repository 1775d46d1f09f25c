"""Everything about the service that an operator may want otherwise."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mememoji.storage.image_record import Kept
from mememoji.storage.url_redaction import without_password

NO_STORE: Final = "none"
"""The value of `store` that remembers nothing."""

_Words = Annotated[tuple[str, ...], NoDecode]
_Secrets = Annotated[tuple[SecretStr, ...], NoDecode]


_MOST_THREADS: Final = 4
"""Of a worker by default: with more, they would wait for each other in Python's own part of the work."""


def _threads(settings: dict[str, Any]) -> int:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MOST_THREADS, processors // int(settings.get("workers", 1))))


class ServiceSettings(BaseSettings):
    """Read from environment variables: `MEMEMOJI_` and the field's name in capitals; lists are separated by commas."""

    model_config = SettingsConfigDict(env_prefix="MEMEMOJI_", frozen=True, env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer.")
    log: Literal["json", "console"] = Field(default="json", description="How log lines are written.")

    detector: str = Field(default="auto", description="auto, compact, yunet, haar or whole.")
    classifier: str | None = Field(
        default=None, description="The classifier in the package: compact or nano; unset takes compact."
    )
    weights: Path | None = Field(
        default=None, description="The ONNX file of another classifier, its card beside it; excludes CLASSIFIER."
    )

    store: str = Field(
        default="sqlite:///mememoji.db", description="sqlite:///FILE, postgresql://…, mongodb://HOST/DATABASE, or none."
    )
    store_required: bool = Field(default=True, description="Whether predict fails where the image cannot be stored.")
    keep: Kept = Field(default=Kept.NOTHING, description="What is kept of an image: received, crops or nothing.")
    lifetime_days: float = Field(default=30.0, ge=0.0, description="Days until an image is forgotten; 0 never forgets.")
    purge_seconds: float = Field(default=600.0, gt=0.0, description="How often what has expired is deleted.")

    api_keys: _Secrets = Field(
        default=(), description="Keys that callers send as X-API-Key; none leaves the service open."
    )
    cors_origins: _Words = Field(default=(), description="Origins whose pages may call the service; * for all.")
    rate_limit: str | None = Field(
        default=None, description='Requests per caller, like "60/minute"; counted in each worker.'
    )

    max_body_bytes: int = Field(
        default=20 * 2**20, ge=1024, description="Largest body, and largest frame of a live session."
    )
    max_line_bytes: int = Field(default=4 * 2**20, ge=8192, description="Longest request line with its headers.")
    max_pixels: int = Field(default=40_000_000, ge=1, description="Width times height of an image.")
    max_faces: int = Field(default=100, ge=1, description="Faces read in one image, the most certain first.")
    max_pictures: int = Field(default=16, ge=1, description="Images in one call.")
    max_live: int = Field(default=16, ge=0, description="Live sessions at once in each worker.")
    threads: int = Field(
        default_factory=_threads,
        ge=1,
        le=256,
        description="Images that each worker reads at once; unset is CPU / workers, 4 at most.",
    )
    queue: int = Field(default=32, ge=0, description="Images that may wait in each worker; past that, 503.")
    answer_seconds: float = Field(
        default=30.0, gt=0.0, description="Longest time for an answer once the image is there."
    )
    body_seconds: float = Field(default=20.0, gt=0.0, description="Longest time for a caller to send head or body.")
    shutdown_seconds: float = Field(
        default=30.0, gt=0.0, description="Time for accepted requests when the service is stopped."
    )

    fetch_urls: bool = Field(default=True, description="Whether image_url is served at all.")
    fetch_seconds: float = Field(default=10.0, gt=0.0, description="Longest time to fetch an image.")
    fetch_redirects: int = Field(default=3, ge=0, description="Redirects that are followed.")
    fetch_private: bool = Field(default=False, description="Whether addresses inside your network may be fetched from.")

    shared_folder: Path | None = Field(
        default=None, description="Where workers add up their figures; set by mememoji serve."
    )

    @field_validator("api_keys", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("rate_limit")
    @classmethod
    def _parse_rate(cls, value: str | None) -> str | None:
        if value is not None:
            from limits import parse

            parse(value)
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.store == NO_STORE and self.keep is not Kept.NOTHING:
            raise ValueError(f"keep={self.keep.value} needs a store, and store is {NO_STORE}")
        if self.classifier is not None and self.weights is not None:
            raise ValueError(
                f"classifier and weights exclude each other, got {self.classifier} and {self.weights}; set one"
            )
        return self

    @property
    def lifetime(self) -> timedelta | None:
        """How long an image is remembered; None without end."""
        return timedelta(days=self.lifetime_days) if self.lifetime_days > 0 else None

    def shown(self) -> dict[str, Any]:
        """Every setting as plain JSON values under its variable's name, secrets and passwords blotted out."""
        values = self.model_dump(mode="json") | {"store": without_password(self.store)}
        return {f"MEMEMOJI_{name.upper()}": value for name, value in values.items()}

    def environment(self) -> dict[str, str]:
        """The variables from which another process reads the same settings."""
        written: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, tuple):
                value = ",".join(v.get_secret_value() if isinstance(v, SecretStr) else v for v in value)
            written[f"MEMEMOJI_{name.upper()}"] = str(value)
        return written

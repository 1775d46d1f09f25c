"""The settings of the service, read from environment variables."""

import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mememoji.storage.image_record import PixelRetention
from mememoji.storage.url_redaction import redact_url

NO_STORE: Final = "none"
"""The value of `store` that stores nothing."""

NO_ORIGINS: Final = "none"
"""The value of `cors_origins` that allows no other origin."""

EVERY: Final = "*"
"""The value of `cors_origins` and `allowed_hosts` that allows all of them."""

_StringList = Annotated[tuple[str, ...], NoDecode]
_SecretList = Annotated[tuple[SecretStr, ...], NoDecode]

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]+")
_HOST: Final = re.compile(r"[^/:?#\s*]+")

_MAX_DEFAULT_THREADS: Final = 4
"""The largest default of `threads`: more threads than that contend for the interpreter lock."""


def _compute_default_threads(settings: dict[str, Any]) -> int:
    num_cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MAX_DEFAULT_THREADS, num_cpus // int(settings.get("workers", 1))))


class ServiceSettings(BaseSettings):
    """All settings of the service.

    Each field is read from the environment variable `MEMEMOJI_` plus its name in capitals, unless it is given as an
    argument. Lists are separated by commas.

    Raises:
        pydantic.ValidationError: A value is not valid, or two settings exclude each other.

    Example:
        >>> from mememoji.service.settings import ServiceSettings
        >>> settings = ServiceSettings(store="sqlite:///faces.db", retention_days=7, max_faces=10)
        >>> settings.ttl
        datetime.timedelta(days=7)
        >>> settings.to_safe_dict()["MEMEMOJI_MAX_FACES"]
        10
    """

    model_config = SettingsConfigDict(env_prefix="MEMEMOJI_", frozen=True, env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 selects a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="The number of server processes.")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="The format of log lines; auto is console on a terminal, otherwise json."
    )

    detector: str = Field(default="auto", description="auto, compact, yunet, haar or full-image.")
    classifier: str | None = Field(
        default=None, description="The classifier in the package: compact or nano; if not set, compact."
    )
    weights: Path | None = Field(
        default=None, description="The ONNX file of another classifier, with its card next to it; excludes CLASSIFIER."
    )

    store: str = Field(
        default="sqlite:///mememoji.db", description="sqlite:///FILE, postgresql://…, mongodb://HOST/DATABASE, or none."
    )
    store_required: bool = Field(default=True, description="Whether predict fails if the image cannot be stored.")
    store_pixels: PixelRetention = Field(
        default=PixelRetention.NOTHING, description="The pixels to store of an image: received, crops or nothing."
    )
    retention_days: float = Field(
        default=30.0, ge=0.0, description="Days until a stored image is deleted; 0 never deletes."
    )
    purge_interval: float = Field(default=600.0, gt=0.0, description="Seconds between deletions of expired images.")

    api_keys: _SecretList = Field(
        default=(), description="Valid values of the header X-API-Key; without any, no key is needed."
    )
    cors_origins: _StringList = Field(
        default=(),
        description="Origins whose pages may call every route, for example https://example.org; * allows every origin, "
        "none no other. If not set, on loopback without keys every origin may call predict, feedback and status.",
    )
    allowed_hosts: _StringList = Field(
        default=(),
        description="Host names under which the service is reached, besides IP addresses and names without a dot; * "
        "allows every name. If not set, no others on loopback without keys, otherwise every name.",
    )
    rate_limit: str | None = Field(
        default=None, description='Requests per client, for example "60/minute"; counted per worker.'
    )

    max_body_bytes: int = Field(
        default=20 * 2**20, ge=1024, description="Largest request body and largest WebSocket message."
    )
    max_request_head_bytes: int = Field(
        default=4 * 2**20, ge=8192, description="Largest request line together with its headers."
    )
    max_pixels: int = Field(default=40_000_000, ge=1, description="Largest width times height of an image.")
    max_faces: int = Field(
        default=100, ge=1, description="Largest number of faces in a result; the most confident ones are returned."
    )
    max_batch_images: int = Field(default=16, ge=1, description="Largest number of images in one batch request.")
    max_websockets: int = Field(default=16, ge=0, description="Largest number of open WebSockets per worker.")
    threads: int = Field(
        default_factory=_compute_default_threads,
        ge=1,
        le=256,
        description="Images that each worker processes at once; if not set, CPUs / workers, at most 4.",
    )
    queue_size: int = Field(
        default=32, ge=0, description="Images that may wait in each worker; further requests get status 503."
    )
    request_timeout: float = Field(
        default=30.0, gt=0.0, description="Seconds for a response once the image is received."
    )
    body_timeout: float = Field(
        default=20.0, gt=0.0, description="Seconds for a client to send the head, and again the body, of a request."
    )
    shutdown_timeout: float = Field(
        default=30.0, gt=0.0, description="Seconds to finish accepted requests at shutdown."
    )

    fetch_urls: bool = Field(default=True, description="Whether the service fetches image_url.")
    fetch_timeout: float = Field(default=10.0, gt=0.0, description="Seconds to fetch an image.")
    fetch_max_redirects: int = Field(default=3, ge=0, description="Largest number of redirects to follow.")
    fetch_allow_private: bool = Field(default=False, description="Whether images may be fetched from private networks.")

    shared_folder: Path | None = Field(
        default=None, description="The folder in which workers sum up their metrics; set by mememoji serve."
    )

    @field_validator("api_keys", "cors_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _validate_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value in ((NO_ORIGINS,), (EVERY,)):
            return value
        # Browsers send origins in this form, and they are compared as text.
        origins = tuple(origin.lower().removesuffix("/") for origin in value)
        for origin in origins:
            if origin not in ("null", EVERY) and not _ORIGIN.fullmatch(origin):
                raise ValueError(f"origins must be like https://example.org, * or none, got {origin}")
        return origins

    @field_validator("allowed_hosts")
    @classmethod
    def _validate_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(host.lower().removesuffix(".") for host in value)
        for host in hosts:
            if host != EVERY and not _HOST.fullmatch(host):
                raise ValueError(f"host names must be like example.org, without scheme and port, got {host}")
        return hosts

    @field_validator("rate_limit")
    @classmethod
    def _validate_rate_limit(cls, value: str | None) -> str | None:
        if value is not None:
            from limits import parse

            parse(value)
        return value

    @model_validator(mode="after")
    def _validate_exclusions(self) -> Self:
        if self.store == NO_STORE and self.store_pixels is not PixelRetention.NOTHING:
            raise ValueError(f"store must name a store for store_pixels={self.store_pixels.value}, got {NO_STORE}")
        if self.classifier is not None and self.weights is not None:
            raise ValueError(
                f"classifier and weights exclude each other, got {self.classifier} and {self.weights}; set one"
            )
        return self

    @property
    def ttl(self) -> timedelta | None:
        """The time to live of a stored image; None if images do not expire."""
        return timedelta(days=self.retention_days) if self.retention_days > 0 else None

    @property
    def has_console_log(self) -> bool:
        """Whether log lines are plain text rather than JSON."""
        return self.log_format == "console" or (self.log_format == "auto" and sys.stderr.isatty())

    def to_safe_dict(self) -> dict[str, Any]:
        """Return every setting as a JSON value under its variable's name, with secrets and passwords redacted."""
        values = self.model_dump(mode="json") | {"store": redact_url(self.store)}
        return {f"MEMEMOJI_{name.upper()}": value for name, value in values.items()}

    def to_environment(self) -> dict[str, str]:
        """Return the environment variables from which another process reads the same settings."""
        variables: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, tuple):
                value = ",".join(v.get_secret_value() if isinstance(v, SecretStr) else v for v in value)
            variables[f"MEMEMOJI_{name.upper()}"] = str(value)
        return variables

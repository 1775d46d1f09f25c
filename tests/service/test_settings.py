"""The settings of the service."""

import json

import pytest
from pydantic import ValidationError

from mememoji.service.settings import ServiceSettings


def test_default_settings_are_safe() -> None:
    settings = ServiceSettings()
    assert settings.host == "127.0.0.1"
    assert settings.store_pixels == "nothing"
    assert settings.ttl is not None
    assert not settings.fetch_allow_private


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEMOJI_CORS_ORIGINS", "http://a, http://b")
    monkeypatch.setenv("MEMEMOJI_RETENTION_DAYS", "0")
    settings = ServiceSettings()
    assert settings.cors_origins == ("http://a", "http://b")
    assert settings.ttl is None


@pytest.mark.parametrize(
    "values",
    [
        {"workers": 0},
        {"port": 70000},
        {"rate_limit": "often"},
        {"store": "none", "store_pixels": "crops"},
        {"store_pixels": "all"},
        {"classifier": "compact", "weights": "net.onnx"},
        {"cors_origins": "app.example"},
        {"cors_origins": "https://app.example/page"},
        {"cors_origins": "none, https://app.example"},
        {"allowed_hosts": "https://faces.example"},
        {"allowed_hosts": "faces.example:443"},
    ],
)
def test_invalid_settings_raise_validation_error(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(**values)  # type: ignore[arg-type]


def test_to_safe_dict_has_no_secrets() -> None:
    settings = ServiceSettings(api_keys="hush", store="postgresql://me:hush@db/faces")  # type: ignore[arg-type]
    shown = json.dumps(settings.to_safe_dict())
    assert "hush" not in shown
    assert "db/faces" in shown


def test_environment_round_trips_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"api_keys": "a,b", "store_pixels": "crops", "rate_limit": "5/second", "max_faces": 7, "fetch_urls": False}
    settings = ServiceSettings(**values)  # type: ignore[arg-type]
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    assert ServiceSettings() == settings


def test_default_threads_divide_the_cpus_over_workers() -> None:
    one, many = (ServiceSettings(workers=workers).threads for workers in (1, 64))
    assert 1 == many <= one <= 4
    assert ServiceSettings(workers=64, threads=7).threads == 7

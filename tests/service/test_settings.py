"""Settings: from the environment, shown, handed on."""

import json

import pytest
from pydantic import ValidationError

from mememoji.service.settings import ServiceSettings


def test_defaults_are_safe() -> None:
    settings = ServiceSettings()
    assert settings.host == "127.0.0.1"
    assert settings.keep == "nothing"
    assert settings.lifetime is not None
    assert not settings.fetch_private


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEMOJI_CORS_ORIGINS", "http://a, http://b")
    monkeypatch.setenv("MEMEMOJI_LIFETIME_DAYS", "0")
    settings = ServiceSettings()
    assert settings.cors_origins == ("http://a", "http://b")
    assert settings.lifetime is None


@pytest.mark.parametrize(
    "values",
    [
        {"workers": 0},
        {"port": 70000},
        {"rate_limit": "often"},
        {"store": "none", "keep": "crops"},
        {"keep": "all"},
        {"classifier": "compact", "weights": "net.onnx"},
    ],
)
def test_nonsense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(**values)  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    settings = ServiceSettings(api_keys="hush", store="postgresql://me:hush@db/faces")  # type: ignore[arg-type]
    shown = json.dumps(settings.shown())
    assert "hush" not in shown
    assert "db/faces" in shown


def test_workers_read_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServiceSettings(api_keys="a,b", keep="crops", rate_limit="5/second", max_faces=7, fetch_urls=False)  # type: ignore[arg-type]
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert ServiceSettings() == settings


def test_workers_share_the_processors() -> None:
    one, many = (ServiceSettings(workers=workers).threads for workers in (1, 64))
    assert 1 == many <= one <= 4
    assert ServiceSettings(workers=64, threads=7).threads == 7

"""The files of the web app; tests/web tests it in a browser."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import Serving

PAGE = "<!doctype html><title>The app</title>" + " " * 2000


@pytest.fixture
def built(tmp_path: Path, serve: Serving) -> Iterator[httpx.Client]:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "assets" / "app-1a2b.js").write_text("let it = 1;" * 200, "utf-8")
    (folder / "assets" / "sample-3c.jpg").write_bytes(b"jpeg")
    (folder / "secret.txt").write_text("not a file of the app", "utf-8")
    with serve(web_folder=folder, api_keys="hush") as client:
        yield client


def test_page_needs_no_key_and_is_revalidated(built: httpx.Client) -> None:
    answer = built.get("/")
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-cache"
    again = built.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_page_policy_allows_only_its_own_origin(built: httpx.Client) -> None:
    headers = built.get("/").headers
    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert not [name for name, sources in policy.items() if "unsafe" in sources or "http" in sources or "*" in sources]
    assert headers["permissions-policy"].startswith("camera=(self), microphone=()")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_assets_are_cached_as_immutable(built: httpx.Client) -> None:
    script = built.get("/assets/app-1a2b.js")
    assert script.text == "let it = 1;" * 200
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-encoding"] == "gzip"
    image = built.head("/assets/sample-3c.jpg")
    assert (image.status_code, image.headers["content-type"], image.content) == (200, "image/jpeg", b"")
    assert "content-encoding" not in image.headers
    assert "content-encoding" not in built.get("/", headers={"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/..%2fsecret.txt", "/assets/%2e%2e/secret.txt", "/assets/"]
)
def test_unknown_asset_is_404(built: httpx.Client, path: str) -> None:
    answer = built.get(path, headers={"X-API-Key": "hush"})
    assert (answer.status_code, answer.json()) == (404, {"code": 404, "message": "Resource not found"})


def test_root_without_the_app_explains_the_build(serve: Serving, tmp_path: Path) -> None:
    with serve(web_folder=tmp_path / "none") as client:
        answer = client.get("/")
        assert answer.status_code == 200
        assert "/docs" in answer.text
        assert "python web/build.py" in answer.text
        assert len(answer.text.splitlines()) == 1
        assert client.get("/assets/app.js").json() == {"code": 404, "message": "Resource not found"}

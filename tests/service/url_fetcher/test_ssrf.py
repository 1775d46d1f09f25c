"""URLs to private networks, sent through the whole service: each is refused with status 400."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mememoji.service.settings import ServiceSettings
from mememoji.service.url_fetcher.image_fetcher import ImageFetcher
from tests.service.conftest import serving


def ssrf_urls() -> list[str]:
    lines = Path(__file__).with_name("ssrf_urls.txt").read_text("utf-8").split("\n")
    lines = [line for line in lines if line and not line.startswith("# ")]
    return [json.loads(line) if line.startswith('"') else line for line in lines]


@pytest.fixture(scope="module")
def service() -> Iterator[httpx.Client]:
    """A service whose resolver returns loopback for every host, so that no test needs the network."""

    async def resolve_to_loopback(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    settings = ServiceSettings(port=0, store="none", log_format="console")
    with serving(settings, fetcher=ImageFetcher(resolver=resolve_to_loopback)) as client:
        yield client


def refusal(response: httpx.Response) -> str:
    assert response.status_code == 400, response.text
    answer = response.json()
    assert set(answer) == {"code", "message"}
    assert isinstance(answer["code"], int)
    return str(answer["message"])


def test_ssrf_url_list_is_large() -> None:
    assert len(set(ssrf_urls())) >= 40


@pytest.mark.parametrize("url", ssrf_urls(), ids=lambda url: ascii(url)[:60])
def test_ssrf_url_is_refused(service: httpx.Client, url: str) -> None:
    # Byte by byte: an unpaired surrogate is not valid text, and clients encode other characters differently.
    quoted = "".join(f"%{byte:02x}" for byte in url.encode("utf-8", "surrogatepass"))
    message = refusal(service.post(f"/v1.0.0/predict?image_url={quoted}"))
    # The response reveals neither the host's addresses nor a password.
    assert "127.0" not in message
    assert "password@" not in message


def test_ssrf_url_in_json_is_refused(service: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}  # not `json=`, which refuses unpaired surrogates
    for url in ssrf_urls():
        refusal(service.post("/v1.0.0/predict", content=json.dumps({"image_url": url}), headers=headers))


def test_ssrf_url_in_a_batch_is_refused(service: httpx.Client) -> None:
    urls = [url for url in ssrf_urls() if url.strip()][:16]
    response = service.post("/v1.0.0/predict/batch", json={"image_url": urls})
    assert response.status_code == 200
    assert [set(result) for result in response.json()["results"]] == [{"code", "message"}] * 16

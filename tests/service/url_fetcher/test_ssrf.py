"""Addresses that lead inwards, through the whole service: each is refused with a 400."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mememoji.service.settings import ServiceSettings
from mememoji.service.url_fetcher.image_fetcher import PictureFetcher
from tests.service.conftest import serving


def tricks() -> list[str]:
    lines = Path(__file__).with_name("ssrf_tricks.txt").read_text("utf-8").split("\n")
    lines = [line for line in lines if line and not line.startswith("# ")]
    return [json.loads(line) if line.startswith('"') else line for line in lines]


@pytest.fixture(scope="module")
def service() -> Iterator[httpx.Client]:
    """A service whose names all lead to the computer itself, so that no trick needs the web."""

    async def inwards(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    settings = ServiceSettings(port=0, store="none", log="console")
    with serving(settings, fetcher=PictureFetcher(resolver=inwards)) as client:
        yield client


def refusal(response: httpx.Response) -> str:
    assert response.status_code == 400, response.text
    answer = response.json()
    assert set(answer) == {"code", "message"}
    assert isinstance(answer["code"], int)
    return str(answer["message"])


def test_there_are_enough_tricks() -> None:
    assert len(set(tricks())) >= 40


@pytest.mark.parametrize("url", tricks(), ids=lambda url: ascii(url)[:60])
def test_a_trick_is_refused(service: httpx.Client, url: str) -> None:
    # Byte by byte: half of a surrogate pair is no text, and clients encode some of the others in ways of their own.
    quoted = "".join(f"%{byte:02x}" for byte in url.encode("utf-8", "surrogatepass"))
    told = refusal(service.post(f"/v1.0.0/predict?image_url={quoted}"))
    # The answer says nothing of what the name leads to, and repeats no password.
    assert "127.0" not in told
    assert "password@" not in told


def test_every_trick_is_refused_in_json_too(service: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}  # and not `json=`, which takes no half pairs
    for url in tricks():
        refusal(service.post("/v1.0.0/predict", content=json.dumps({"image_url": url}), headers=headers))


def test_no_trick_passes_in_a_batch(service: httpx.Client) -> None:
    urls = [url for url in tricks() if url.strip()][:16]
    response = service.post("/v1.0.0/predict/batch", json={"image_url": urls})
    assert response.status_code == 200
    assert [set(result) for result in response.json()["results"]] == [{"code", "message"}] * 16

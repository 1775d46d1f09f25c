"""The WebSocket for frames of a camera."""

import json
import time
from collections.abc import Iterator

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from mememoji.analyzer import Analyzer
from mememoji.detection.fake_detector import FakeDetector
from mememoji.image_io import encode_jpeg
from mememoji.results import Box, Detection
from tests.service.conftest import Serving


def make_url(client: httpx.Client, query: str = "") -> str:
    return f"ws://127.0.0.1:{client.base_url.port}/v1.0.0/live{query}"


@pytest.fixture
def session(service: httpx.Client) -> Iterator[ClientConnection]:
    with connect(make_url(service)) as socket:
        yield socket


def test_each_frame_gets_a_response_with_its_faces(session: ClientConnection, astronaut: bytes) -> None:
    for number in range(3):
        session.send(astronaut)
        answer = json.loads(session.recv(20))
        assert (answer["frame"], answer["skipped"]) == (number, 0)
        (face,) = answer["faces"]
        assert len(face["prediction"]) == 6
        assert (answer["width"], answer["height"]) == (512, 512)
        assert answer["milliseconds"] > 0


def test_invalid_frame_gets_an_error_and_the_session_continues(session: ClientConnection, astronaut: bytes) -> None:
    for content in (b"", b"garbage", "text"):
        session.send(content)
        assert json.loads(session.recv(20))["error"]["code"] == 400
    session.send(astronaut)
    assert len(json.loads(session.recv(20))["faces"]) == 1


class SlowDetector(FakeDetector):
    """A detector that takes 0.3 seconds."""

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        time.sleep(0.3)
        return super().detect(image)


def test_fast_frames_are_skipped_except_for_the_newest(serve: Serving) -> None:
    analyzer = Analyzer(SlowDetector([Detection(Box(2, 2, 20, 20))]))
    frames = [encode_jpeg(np.full((40, 40 + number, 3), 128, np.uint8)) for number in range(30)]
    with serve(analyzer=analyzer, store="none") as client, connect(make_url(client)) as socket:
        for frame in frames:
            socket.send(frame)
        answers = [json.loads(socket.recv(20))]
        while answers[-1]["frame"] < 29:
            answers.append(json.loads(socket.recv(20)))
    assert len(answers) <= 4
    assert sum(answer["skipped"] for answer in answers) + len(answers) == 30
    assert all(answer["width"] == 40 + answer["frame"] for answer in answers)


def test_connections_over_the_limit_are_refused(serve: Serving) -> None:
    with serve(max_websockets=1, store="none") as client:
        with connect(make_url(client)), pytest.raises((ConnectionClosed, InvalidStatus)):
            connect(make_url(client)).recv(5)
        time.sleep(0.2)
        with connect(make_url(client)) as socket:
            socket.send(b"x")
            assert "error" in json.loads(socket.recv(10))


@pytest.mark.parametrize(("origin", "allowed"), [("http://evil.example", False), ("http://good.example", True)])
def test_origin_that_is_not_allowed_cannot_connect(serve: Serving, origin: str, allowed: bool) -> None:
    with serve(cors_origins="http://good.example", store="none") as client:
        if allowed:
            with connect(make_url(client), origin=Origin(origin)) as socket:
                socket.send(b"x")
                assert "error" in json.loads(socket.recv(10))
        else:
            with pytest.raises(InvalidStatus):
                connect(make_url(client), origin=Origin(origin))


def test_api_key_is_accepted_in_the_query(serve: Serving) -> None:
    with serve(api_keys="hush", store="none") as client:
        with pytest.raises(InvalidStatus):
            connect(make_url(client))
        with connect(make_url(client, "?api_key=hush")) as socket:
            socket.send(b"x")
            assert "error" in json.loads(socket.recv(10))

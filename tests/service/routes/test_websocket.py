"""Frames in, faces out, the newest first."""

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
from mememoji.detection.fake_detector import FixedDetector
from mememoji.image_io import encode_jpeg
from mememoji.results import Box, Detection
from tests.service.conftest import Serving


def address(client: httpx.Client, query: str = "") -> str:
    return f"ws://127.0.0.1:{client.base_url.port}/v1.0.0/live{query}"


@pytest.fixture
def session(service: httpx.Client) -> Iterator[ClientConnection]:
    with connect(address(service)) as socket:
        yield socket


def test_each_frame_is_answered_with_its_faces(session: ClientConnection, astronaut: bytes) -> None:
    for number in range(3):
        session.send(astronaut)
        answer = json.loads(session.recv(20))
        assert (answer["frame"], answer["skipped"]) == (number, 0)
        (face,) = answer["faces"]
        assert len(face["prediction"]) == 6
        assert (answer["width"], answer["height"]) == (512, 512)
        assert answer["milliseconds"] > 0


def test_a_frame_that_is_no_picture_is_told_and_the_session_goes_on(
    session: ClientConnection, astronaut: bytes
) -> None:
    for content in (b"", b"garbage", "text"):
        session.send(content)
        assert json.loads(session.recv(20))["error"]["code"] == 400
    session.send(astronaut)
    assert len(json.loads(session.recv(20))["faces"]) == 1


class SlowDetector(FixedDetector):
    """Takes its time."""

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        time.sleep(0.3)
        return super().detect(image)


def test_of_frames_that_come_too_fast_the_newest_is_read(serve: Serving) -> None:
    analyzer = Analyzer(SlowDetector([Detection(Box(2, 2, 20, 20))]))
    frames = [encode_jpeg(np.full((40, 40 + number, 3), 128, np.uint8)) for number in range(30)]
    with serve(analyzer=analyzer, store="none") as client, connect(address(client)) as socket:
        for frame in frames:
            socket.send(frame)
        answers = [json.loads(socket.recv(20))]
        while answers[-1]["frame"] < 29:
            answers.append(json.loads(socket.recv(20)))
    assert len(answers) <= 4
    assert sum(answer["skipped"] for answer in answers) + len(answers) == 30
    assert all(answer["width"] == 40 + answer["frame"] for answer in answers)


def test_sessions_are_limited(serve: Serving) -> None:
    with serve(max_live=1, store="none") as client:
        with connect(address(client)), pytest.raises((ConnectionClosed, InvalidStatus)):
            connect(address(client)).recv(5)
        time.sleep(0.2)
        with connect(address(client)) as socket:
            socket.send(b"x")
            assert "error" in json.loads(socket.recv(10))


@pytest.mark.parametrize(("origin", "allowed"), [("http://evil.example", False), ("http://good.example", True)])
def test_pages_of_other_origins_may_not_connect(serve: Serving, origin: str, allowed: bool) -> None:
    with serve(cors_origins="http://good.example", store="none") as client:
        if allowed:
            with connect(address(client), origin=Origin(origin)) as socket:
                socket.send(b"x")
                assert "error" in json.loads(socket.recv(10))
        else:
            with pytest.raises(InvalidStatus):
                connect(address(client), origin=Origin(origin))


def test_the_key_may_stand_in_the_query(serve: Serving) -> None:
    with serve(api_keys="hush", store="none") as client:
        with pytest.raises(InvalidStatus):
            connect(address(client))
        with connect(address(client, "?api_key=hush")) as socket:
            socket.send(b"x")
            assert "error" in json.loads(socket.recv(10))

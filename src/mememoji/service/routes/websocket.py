"""`/v1.0.0/live`: a WebSocket that takes frames and answers with their faces."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.websockets import WebSocket, WebSocketDisconnect

from mememoji.detection.face_detector import FaceDetector
from mememoji.errors import MememojiError
from mememoji.service.api_errors import OverloadedError, problem_of
from mememoji.service.inference.inference_pool import Wanted
from mememoji.service.schemas import FaceAnswer
from mememoji.service.state import Service, service_of
from mememoji.tracking.roi_detector import FollowingDetector

router = APIRouter()

_TRY_AGAIN_LATER = 1013


@dataclass(slots=True)
class _Newest:
    """The newest frame not yet read, and how many newer ones pushed out."""

    content: bytes = b""
    number: int = -1
    skipped: int = 0


@router.websocket("/v1.0.0/live")
async def live(socket: WebSocket, service: Annotated[Service, Depends(service_of)]) -> None:
    """Each binary message is a frame, JPEG or any other image; each answer is JSON.

    `{"frame": n, "skipped": k, "milliseconds": t, "width": …, "height": …, "faces": […]}`: `frame` counts the
    messages from 0, `skipped` those since the last answer that a newer one overtook, `milliseconds` is the time from
    arrival to answer. A frame that cannot be read gives `{"frame": n, "skipped": k, "error": {"code", "message"}}`
    and the session goes on. Nothing is stored.

    Where the detector is slow, frames are searched around the last one's faces, and as a whole every 0.4 seconds: a
    face that is new may be unseen for so long.
    """
    try:
        with service.sessions.one():
            await socket.accept()
            await _serve(socket, service)
    except OverloadedError as error:
        await socket.close(_TRY_AGAIN_LATER, str(error))


async def _serve(socket: WebSocket, service: Service) -> None:
    newest, arrived = _Newest(), asyncio.Event()
    detector = FollowingDetector(service.pool.analyzer.detector)
    stamp = 0.0

    async def receive() -> None:
        nonlocal stamp
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if newest.content:
                newest.skipped += 1
                service.metrics.frames.labels("skipped").inc()
            newest.content = message.get("bytes") or (message.get("text") or "").encode() or b"?"
            newest.number += 1
            stamp = time.perf_counter()
            arrived.set()

    async def answer() -> None:
        while True:
            await arrived.wait()
            arrived.clear()
            content, start = newest.content, stamp
            told: dict[str, Any] = {"frame": newest.number, "skipped": newest.skipped}
            newest.content, newest.skipped = b"", 0
            told |= await _read(service, content, detector)
            told["milliseconds"] = round((time.perf_counter() - start) * 1000, 1)
            await socket.send_json(told)

    tasks = {asyncio.create_task(receive()), asyncio.create_task(answer())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except (WebSocketDisconnect, RuntimeError):
        # The other side went away between a frame and its answer.
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(service: Service, content: bytes, detector: FaceDetector) -> dict[str, Any]:
    try:
        reading = await service.pool.read(lambda: content, Wanted(), detector)
    except MememojiError as error:
        service.metrics.frames.labels("refused").inc()
        return {"error": problem_of(error).to_dict()}
    service.metrics.frames.labels("read").inc()
    faces = [FaceAnswer.of(index, face) for index, face in enumerate(reading.analysis.faces)]
    return {
        "width": reading.analysis.width,
        "height": reading.analysis.height,
        "faces": [face.model_dump(mode="json", exclude_none=True) for face in faces],
    }

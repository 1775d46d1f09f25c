"""`/v1.0.0/live`: a WebSocket that receives the frames of a camera and sends their faces."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.websockets import WebSocket, WebSocketDisconnect

from mememoji.detection.face_detector import FaceDetector
from mememoji.errors import MememojiError
from mememoji.service.api_errors import OverloadedError, to_api_error
from mememoji.service.inference.image_outputs import OutputOptions
from mememoji.service.schemas import FaceResponse
from mememoji.service.state import AppState, get_state
from mememoji.tracking.roi_detector import RoiDetector

router = APIRouter()

_TRY_AGAIN_LATER = 1013


@dataclass(slots=True)
class _PendingFrame:
    """The latest frame that is not yet analyzed, and the number of frames that it replaced."""

    content: bytes = b""
    index: int = -1
    num_skipped: int = 0
    received_at: float = 0.0


@router.websocket("/v1.0.0/live")
async def stream_faces(websocket: WebSocket, state: Annotated[AppState, Depends(get_state)]) -> None:
    """Analyze each binary message as a frame, a JPEG or any other image file, and respond with JSON.

    `{"frame": n, "skipped": k, "milliseconds": t, "width": …, "height": …, "faces": […]}`: `frame` is the index of the
    message, from 0, `skipped` is the number of messages since the last response that a newer one replaced, and
    `milliseconds` is the time from the arrival of the frame to the response. A frame that cannot be analyzed gets
    `{"frame": n, "skipped": k, "error": {"code", "message"}}`, and the session continues. Nothing is stored.

    If the detector is slow, it searches around the faces of the last frame, and the full frame only every 0.4 seconds:
    a new face may be detected that much later.
    """
    try:
        with state.websocket_limiter.acquire():
            await websocket.accept()
            await _run_session(websocket, state)
    except OverloadedError as error:
        await websocket.close(_TRY_AGAIN_LATER, str(error))


async def _run_session(websocket: WebSocket, state: AppState) -> None:
    frame, has_frame = _PendingFrame(), asyncio.Event()
    detector = RoiDetector(state.pool.analyzer.detector)

    async def receive_frames() -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if frame.content:
                frame.num_skipped += 1
                state.metrics.frames.labels("skipped").inc()
            frame.content = message.get("bytes") or (message.get("text") or "").encode() or b"?"
            frame.index += 1
            frame.received_at = time.perf_counter()
            has_frame.set()

    async def send_responses() -> None:
        while True:
            await has_frame.wait()
            has_frame.clear()
            content, received_at = frame.content, frame.received_at
            response: dict[str, Any] = {"frame": frame.index, "skipped": frame.num_skipped}
            frame.content, frame.num_skipped = b"", 0
            response |= await _analyze_frame(state, content, detector)
            response["milliseconds"] = round((time.perf_counter() - received_at) * 1000, 1)
            await websocket.send_json(response)

    tasks = {asyncio.create_task(receive_frames()), asyncio.create_task(send_responses())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except (WebSocketDisconnect, RuntimeError):
        # The client disconnected between a frame and its response.
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _analyze_frame(state: AppState, content: bytes, detector: FaceDetector) -> dict[str, Any]:
    try:
        result = await state.pool.analyze(lambda: content, OutputOptions(), detector)
    except MememojiError as error:
        state.metrics.frames.labels("refused").inc()
        return {"error": to_api_error(error).to_dict()}
    state.metrics.frames.labels("analyzed").inc()
    faces = [FaceResponse.from_face(index, face) for index, face in enumerate(result.analysis.faces)]
    return {
        "width": result.analysis.width,
        "height": result.analysis.height,
        "faces": [face.model_dump(mode="json", exclude_none=True) for face in faces],
    }

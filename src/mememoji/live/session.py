"""A live session: it captures, analyzes, draws and records frames in the background, for a window to show."""

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.analyzer import Analyzer
from mememoji.errors import MememojiError
from mememoji.image_io import RGBImage, encode_png
from mememoji.live.capture import Capture, CapturedFrame, CaptureState
from mememoji.live.recorder import Recorder
from mememoji.tracking.face_tracking import FaceTracking, TrackedFrame
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.frame_overlay import Overlay

_FPS_WINDOW: Final = 30
"""The number of frames over which the frame rate is averaged."""

_MAX_TRACKED_FRAMES: Final = 1000
_FETCH_TIMEOUT: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFrame:
    """A frame that is ready to be shown.

    Attributes:
        image: The frame with its overlay, (H, W, 3) uint8 RGB.
        tracked_frame: The faces in it.
        fps: The average number of frames analyzed per second.
        latency: The time from the capture of the frame to its rendering, in seconds.
    """

    image: RGBImage
    tracked_frame: TrackedFrame
    fps: float
    latency: float


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A sentence for the user that reports a result or an error."""

    text: str
    is_error: bool = False


class Session:
    """A live analysis of the newest frames of a capture, in a background thread.

    Args:
        capture: The capture of the source; the session starts and stops it.
        analyzer: The analyzer that finds and classifies the faces.
        overlay: What is drawn on the frames; None draws boxes and bars.
        smoothing: The time constant of the compositions in seconds.
    """

    def __init__(
        self,
        capture: Capture,
        analyzer: Analyzer,
        *,
        overlay: Overlay | None = None,
        smoothing: float = DEFAULT_SMOOTHING,
    ) -> None:
        self.capture = capture
        self.overlay = overlay or Overlay()
        self._analyzer = analyzer
        self._tracking = FaceTracking(smoothing)
        self._lock = threading.Lock()
        self._rendered_frames: deque[RenderedFrame] = deque(maxlen=1)
        self._tracked_frames: deque[TrackedFrame] = deque(maxlen=_MAX_TRACKED_FRAMES)
        self._messages: list[StatusMessage] = []
        self._latest: tuple[CapturedFrame, TrackedFrame] | None = None
        self._recorder_lock = threading.Lock()
        self._recorder: Recorder | None = None
        # Finishing a video file and encoding a PNG would block the window for too long.
        self._file_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mememoji-files")
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mememoji-analysis", daemon=True)

    def start(self) -> None:
        """Start capturing and analyzing."""
        self.capture.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop all threads, and the recording if one is running."""
        self._stop_event.set()
        self.capture.stop()
        if self._thread.is_alive():
            self._thread.join()
        self.stop_recording()
        self._file_executor.shutdown()

    @property
    def smoothing(self) -> float:
        """The time constant of the compositions in seconds; 0 turns smoothing off."""
        return self._tracking.smoother.time_constant

    @smoothing.setter
    def smoothing(self, seconds: float) -> None:
        self._tracking.smoother.time_constant = seconds

    @property
    def recorder(self) -> Recorder | None:
        """The recorder of the running recording, or None."""
        return self._recorder

    def fetch_rendered_frame(self) -> RenderedFrame | None:
        """Return the newest frame, or None if it was fetched before."""
        with self._lock:
            return self._rendered_frames.pop() if self._rendered_frames else None

    def fetch_tracked_frames(self) -> list[TrackedFrame]:
        """Return all tracked frames since the last call, including those that were never shown."""
        with self._lock:
            tracked_frames = list(self._tracked_frames)
            self._tracked_frames.clear()
        return tracked_frames

    def fetch_messages(self) -> list[StatusMessage]:
        """Return all messages since the last call."""
        with self._lock:
            messages, self._messages = self._messages, []
        return messages

    def redraw(self) -> RGBImage | None:
        """Draw the latest frame with the current overlay, so that a changed overlay shows on a still image too."""
        if self._latest is None:
            return None
        frame, tracked_frame = self._latest
        return self.overlay.draw(frame.image, tracked_frame)

    def start_recording(self, recorder: Recorder) -> None:
        """Record every frame from now on."""
        with self._recorder_lock:
            self._recorder = recorder

    def stop_recording(self, failure: str = "") -> None:
        """Stop the recording; a message follows when its files are complete.

        Args:
            failure: The error for which it is stopped.
        """
        with self._recorder_lock:
            recorder, self._recorder = self._recorder, None
        if recorder is not None:
            self._file_executor.submit(self._close_recorder, recorder, failure)

    def save_snapshot(self, path: Path) -> None:
        """Save the latest frame with its overlay as PNG; a message follows when the file is complete."""
        image = self.redraw()
        if image is None:
            self._add_message("No image is available yet.", is_error=True)
        else:
            self._file_executor.submit(self._save_png, image, path)

    def _close_recorder(self, recorder: Recorder, failure: str) -> None:
        try:
            recorder.close()
        except MememojiError as error:
            failure = failure or str(error)
        names = ", ".join(path.name for path in recorder.files)
        if failure:
            self._add_message(f"{failure}; recorded until then: {names or 'nothing'}", is_error=True)
        elif not recorder.has_frames:
            self._add_message("Nothing was recorded, because no image arrived.", is_error=True)
        elif len(recorder.files) < 2:
            folder = recorder.video_path.parent
            self._add_message(f"The recording was deleted from {folder} while it was written.", is_error=True)
        else:
            self._add_message(f"Recorded {recorder.seconds:.0f} s: {names}")

    def _save_png(self, image: RGBImage, path: Path) -> None:
        try:
            path.write_bytes(encode_png(image))
        except OSError as error:
            self._add_message(f"{path} cannot be written: {error.strerror}", is_error=True)
        else:
            self._add_message(f"Saved {path.name}")

    def _run(self) -> None:
        try:
            self._process_frames()
        except Exception as error:
            # Reported, because the window would otherwise just freeze; Python prints the traceback of the thread.
            self._add_message(f"The analysis has stopped: {error}", is_error=True)
            raise

    def _process_frames(self) -> None:
        finish_times: deque[float] = deque(maxlen=_FPS_WINDOW)
        while not self._stop_event.is_set():
            frame = self.capture.fetch(_FETCH_TIMEOUT)
            if frame is None:
                if self.capture.state is not CaptureState.RUNNING:
                    finish_times.clear()
                continue
            try:
                tracked_frame = self._tracking.update(
                    frame.time, self._analyzer.analyze_array(frame.image, thorough=False), frame.image
                )
                image = self.overlay.draw(frame.image, tracked_frame)
            except MememojiError as error:
                self._add_message(str(error), is_error=True)
                continue
            self._latest = frame, tracked_frame
            self._record(image, tracked_frame)
            now = time.perf_counter()
            finish_times.append(now)
            fps = (len(finish_times) - 1) / (now - finish_times[0]) if len(finish_times) > 1 else 0.0
            with self._lock:
                self._rendered_frames.append(RenderedFrame(image, tracked_frame, fps, now - frame.captured_at))
                self._tracked_frames.append(tracked_frame)

    def _record(self, image: RGBImage, tracked_frame: TrackedFrame) -> None:
        with self._recorder_lock:
            if self._recorder is None:
                return
            try:
                self._recorder.add(image, tracked_frame)
                return
            except MememojiError as error:
                failure = str(error)
        self.stop_recording(failure)

    def _add_message(self, text: str, *, is_error: bool = False) -> None:
        with self._lock:
            self._messages.append(StatusMessage(" ".join(text.split()), is_error))

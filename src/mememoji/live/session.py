"""What runs beside the window: the newest frame through the analyzer, drawn, recorded, ready to be shown."""

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
from mememoji.live.capture import Capture, Shot, State
from mememoji.live.recorder import Recording
from mememoji.tracking.face_tracking import Follower, Moment
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.frame_overlay import Overlay

_RATE_OVER: Final = 30
_POLL: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is to be seen of one frame.

    Attributes:
        image: (H, W, 3) uint8 RGB with the overlay.
        moment: its faces.
        rate: frames a second of late.
        latency: seconds from the frame's arrival to this view.
    """

    picture: RGBImage
    moment: Moment
    rate: float
    latency: float


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for people: what is done, or what went wrong."""

    text: str
    is_error: bool = False


class Session:
    """Analyses a capture's newest frames in a thread of its own.

    Args:
        capture: the source; the session starts and stops it.
        analyzer: reads the faces.
        overlay: what is drawn.
        smoothing: the compositions' time constant in seconds.
    """

    def __init__(
        self,
        capture: Capture,
        analyzer: Analyzer,
        *,
        overlay: Overlay | None = None,
        smoothing: float = DEFAULT_SMOOTHING,
    ) -> None:
        self.capture, self._analyzer = capture, analyzer
        self.overlay = overlay or Overlay()
        self._follower = Follower(smoothing)
        self._lock = threading.Lock()
        self._recording_lock = threading.Lock()
        self._views: deque[View] = deque(maxlen=1)
        self._moments: deque[Moment] = deque(maxlen=1000)
        self._notices: list[Notice] = []
        # Ending a file and packing an image take longer than a window may stand still.
        self._files = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mememoji-files")
        self._recording: Recording | None = None
        self._stopping = threading.Event()
        self._last_shot: tuple[Shot, Moment] | None = None
        self._thread = threading.Thread(target=self._run, name="mememoji-analysis", daemon=True)

    def start(self) -> None:
        """Begin to capture and to analyze."""
        self.capture.start()
        self._thread.start()

    def stop(self) -> None:
        """End all threads, and the recording if there is one."""
        self._stopping.set()
        self.capture.stop()
        if self._thread.is_alive():
            self._thread.join()
        self.stop_recording()
        self._files.shutdown()

    @property
    def smoothing(self) -> float:
        """The compositions' time constant in seconds; 0 is none."""
        return self._follower.smoother.constant

    @smoothing.setter
    def smoothing(self, seconds: float) -> None:
        self._follower.smoother.constant = seconds

    @property
    def recording(self) -> Recording | None:
        """The recording that runs."""
        return self._recording

    def newest(self) -> View | None:
        """The newest view not yet fetched, or None."""
        with self._lock:
            return self._views.pop() if self._views else None

    def moments(self) -> list[Moment]:
        """All moments since the last call: a plot wants those too whose image was dropped."""
        with self._lock:
            fresh = list(self._moments)
            self._moments.clear()
        return fresh

    def notices(self) -> list[Notice]:
        """What there is to tell since the last call."""
        with self._lock:
            told, self._notices = self._notices, []
        return told

    def redraw(self) -> RGBImage | None:
        """The last frame drawn with the overlay as it is now: a switch shows at once, on a still image too."""
        last = self._last_shot
        return None if last is None else self.overlay.draw(last[0].image, last[1])

    def start_recording(self, recording: Recording) -> None:
        """Write every frame from now on."""
        with self._recording_lock:
            self._recording = recording

    def stop_recording(self) -> None:
        """End the recording; a notice tells when its files are whole."""
        with self._recording_lock:
            recording, self._recording = self._recording, None
        if recording is not None:
            self._files.submit(self._end, recording)

    def snapshot(self, path: Path) -> None:
        """Write the last frame with its overlay as PNG; a notice tells when it is there."""
        picture = self.redraw()
        if picture is None:
            self._tell("There is no image yet.", is_error=True)
        else:
            self._files.submit(self._save, picture, path)

    def _end(self, recording: Recording) -> None:
        try:
            recording.close()
        except MememojiError as error:
            self._tell(str(error), is_error=True)
        else:
            self._tell(f"Recorded {recording.seconds:.0f} s: {recording.video.name}, {recording.timeline.name}")

    def _save(self, picture: RGBImage, path: Path) -> None:
        try:
            path.write_bytes(encode_png(picture))
        except OSError as error:
            self._tell(f"{path} cannot be written: {error.strerror}", is_error=True)
        else:
            self._tell(f"Saved {path.name}")

    def _run(self) -> None:
        try:
            self._analyse()
        except Exception as error:
            # The window must not go on as if all were well; the trace goes where threads' traces go.
            self._tell(f"The analysis has stopped: {error}", is_error=True)
            raise

    def _analyse(self) -> None:
        ends: deque[float] = deque(maxlen=_RATE_OVER)
        while not self._stopping.is_set():
            shot = self.capture.take(_POLL)
            if shot is None:
                if self.capture.state is not State.RUNNING:
                    ends.clear()
                continue
            try:
                moment = self._follower.follow(shot.time, self._analyzer.analyze_array(shot.image))
                picture = self.overlay.draw(shot.image, moment)
            except MememojiError as error:
                self._tell(str(error), is_error=True)
                continue
            self._last_shot = shot, moment
            self._record(picture, moment)
            now = time.perf_counter()
            ends.append(now)
            rate = (len(ends) - 1) / (ends[-1] - ends[0]) if len(ends) > 1 else 0.0
            with self._lock:
                self._views.append(View(picture, moment, rate, now - shot.taken))
                self._moments.append(moment)

    def _record(self, picture: RGBImage, moment: Moment) -> None:
        with self._recording_lock:
            if self._recording is None:
                return
            try:
                self._recording.add(picture, moment)
                return
            except MememojiError as error:
                self._tell(str(error), is_error=True)
        self.stop_recording()

    def _tell(self, text: str, *, is_error: bool = False) -> None:
        with self._lock:
            self._notices.append(Notice(" ".join(text.split()), is_error))

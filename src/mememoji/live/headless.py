"""The live timeline without a window, written to a file or to standard output."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

from mememoji.analyzer import Analyzer
from mememoji.live.capture import Capture, CaptureState, display_name
from mememoji.tracking.face_tracking import FaceTracking
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.timeline import TimelineWriter

_FETCH_TIMEOUT: Final = 0.1


def run_headless(
    capture: Capture,
    analyzer: Analyzer,
    target: Path | TextIO,
    *,
    smoothing: float = DEFAULT_SMOOTHING,
    seconds: float | None = None,
    on_message: Callable[[str], object] = print,
) -> int:
    """Write the timeline of a source until it ends, `seconds` have passed or Ctrl-C is pressed.

    Args:
        capture: The capture of the source; it is started and stopped here.
        analyzer: The analyzer that finds and classifies the faces.
        target: A CSV file, or an open text stream.
        smoothing: The time constant of the compositions in seconds.
        seconds: The maximum duration; None sets no limit.
        on_message: A function called with a sentence when the source is lost or available again.

    Returns:
        The number of analyzed frames.

    Raises:
        VideoError: The source is a file that cannot be read.
        RunError: The timeline cannot be written.
    """
    tracking, num_frames, is_lost = FaceTracking(smoothing), 0, False
    end = None if seconds is None else time.monotonic() + seconds
    with TimelineWriter(target) as timeline:
        capture.start()
        try:
            while end is None or time.monotonic() < end:
                # The state is read first: if it were read after fetching, the last frame of a file could be missed.
                state = capture.state
                frame = capture.fetch(_FETCH_TIMEOUT)
                if frame is not None:
                    if is_lost:
                        on_message(f"{display_name(capture.source)} is available again")
                        is_lost = False
                    analysis = analyzer.analyze_array(frame.image, thorough=False)
                    timeline.add(tracking.update(frame.time, analysis, frame.image))
                    num_frames += 1
                elif state is CaptureState.ENDED:
                    break
                elif state is CaptureState.LOST and capture.error is not None:
                    raise capture.error
                elif state is CaptureState.LOST and not is_lost:
                    on_message(f"{display_name(capture.source)} delivers no image; trying again")
                    is_lost = True
        except KeyboardInterrupt:
            pass
        finally:
            capture.stop()
    return num_frames

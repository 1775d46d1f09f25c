"""The live timeline without a window: rows to a file or to standard output."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from mememoji.analyzer import Analyzer
from mememoji.live.capture import Capture, State, name_of
from mememoji.tracking.face_tracking import Follower
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.timeline import TimelineWriter


def run_headless(
    capture: Capture,
    analyzer: Analyzer,
    target: Path | TextIO,
    *,
    smoothing: float = DEFAULT_SMOOTHING,
    seconds: float | None = None,
    tell: Callable[[str], object] = print,
) -> int:
    """Write the timeline of a source until it ends, `seconds` have passed or Ctrl-C is pressed.

    Args:
        capture: the source; it is started and stopped here.
        analyzer: reads the faces.
        target: a CSV file, or an open text stream.
        smoothing: the compositions' time constant in seconds.
        seconds: how long at most; None is without end.
        tell: takes a sentence when the source is lost or back.

    Returns:
        How many frames were analyzed.

    Raises:
        RunError: the timeline cannot be written.
    """
    follower, frames, lost = Follower(smoothing), 0, False
    end = None if seconds is None else time.monotonic() + seconds
    with TimelineWriter(target) as timeline:
        capture.start()
        try:
            while end is None or time.monotonic() < end:
                # Asked before taking: what was offered until the end is taken first.
                state = capture.state
                shot = capture.take(0.1)
                if shot is not None:
                    if lost:
                        tell(f"{name_of(capture.source)} is back")
                        lost = False
                    timeline.add(follower.follow(shot.time, analyzer.analyze_array(shot.image)))
                    frames += 1
                elif state is State.ENDED:
                    break
                elif state is State.LOST and not lost:
                    tell(f"{name_of(capture.source)} gives no image; trying again")
                    lost = True
        except KeyboardInterrupt:
            pass
        finally:
            capture.stop()
    return frames

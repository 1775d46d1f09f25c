"""Frames into an MP4 file, by ffmpeg where it is there, else by OpenCV."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Protocol, Self

import cv2
import numpy as np

from mememoji.errors import RunError
from mememoji.image_io import RGBImage

_HIGHEST_RATE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sound:
    """Where the sound comes from: a file, and from which second of it."""

    path: Path
    start: float = 0.0


class _Sink(Protocol):
    def write(self, image: RGBImage) -> None: ...
    def close(self) -> None: ...


class VideoEncoder:
    """Writes an MP4 file with a steady frame rate; frames keep their times by being repeated or left out.

    With ffmpeg it is H.264 with AAC sound; without it MPEG-4 and silent. What was written is playable after `close`.

    Args:
        path: the file, which is replaced.
        width, height: of the frames, in pixels. H.264 wants even numbers: ffmpeg's frames grow by one where need be.
        rate: frames a second, at most 60.
        sound: where sound comes from, if there is any.
        program: ffmpeg's path; None looks for it, and "" does without.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        rate: float,
        *,
        sound: Sound | None = None,
        program: str | None = None,
    ) -> None:
        self._size, self._rate = (width, height), min(rate, _HIGHEST_RATE)
        program = shutil.which("ffmpeg") if program is None else program
        self.ffmpeg = bool(program)
        """Whether ffmpeg writes."""
        self._sink: _Sink = (
            _FfmpegSink(program, path, self._size, self._rate, sound)
            if program
            else _OpenCVSink(path, self._size, self._rate)
        )
        self._start: float | None = None
        self._last: RGBImage | None = None
        self._written = 0

    def write(self, image: RGBImage, time: float) -> None:
        """Add a frame (H, W, 3) uint8 RGB that is to be seen from `time` on; the first one's time is the start.

        Raises:
            ValueError: a frame of another size.
            RunError: the encoder gave up.
        """
        if image.shape != (self._size[1], self._size[0], 3):
            raise ValueError(f"expected a frame of {self._size[0]}x{self._size[1]}, got {image.shape}")
        if self._start is None:
            self._start = time
        place = round((time - self._start) * self._rate)
        while self._last is not None and self._written < place:
            self._put(self._last)
        self._last = image

    def close(self) -> None:
        """Write what is left and end the file.

        Raises:
            RunError: the encoder gave up.
        """
        try:
            if self._last is not None:
                self._put(self._last)
        finally:
            self._last = None
            self._sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # What went wrong first is what there is to tell.
        with contextlib.suppress(RunError):
            self.close()

    def _put(self, image: RGBImage) -> None:
        self._sink.write(image)
        self._written += 1


class _OpenCVSink:
    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        # What OpenCV's own ffmpeg can write in every wheel; H.264 is missing there.
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, rate, size)
        if not self._writer.isOpened():
            raise RunError(f"{path} cannot be written as a video; is there a folder of this name?")

    def write(self, image: RGBImage) -> None:
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        self._writer.release()


class _FfmpegSink:
    def __init__(self, program: str, path: Path, size: tuple[int, int], rate: float, sound: Sound | None) -> None:
        if not path.parent.is_dir():
            raise RunError(f"{path} cannot be written: no folder {path.parent}")
        command = [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{rate:.6f}"]
        command += ["-i", "pipe:0", *_sound_options(sound)]
        command += [*_codec(program), "-pix_fmt", "yuv420p", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"]
        command += ["-movflags", "+faststart", "-f", "mp4", str(path.absolute())]
        self._path = path
        self._told: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        try:
            # In a session of its own: Ctrl-C is for us, and the file is ended properly then.
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._told, start_new_session=True
            )
        except OSError as error:
            self._told.close()
            raise RunError(f"{program} cannot be started: {error.strerror}") from error

    def write(self, image: RGBImage) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(image).data)
        except BrokenPipeError as error:
            raise self._failure() from error

    def close(self) -> None:
        if self._told.closed:
            return
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        failed = self._process.wait() != 0
        failure = self._failure()
        self._told.close()
        if failed:
            raise failure

    def _failure(self) -> RunError:
        self._process.wait()
        self._told.seek(0)
        lines = self._told.read().decode(errors="replace").strip().splitlines()
        return RunError(f"ffmpeg cannot write {self._path}: {lines[-1] if lines else 'it told no reason'}")


def _sound_options(sound: Sound | None) -> Sequence[str]:
    if sound is None:
        return ["-map", "0:v"]
    source = ["-ss", f"{sound.start:.6f}", "-i", str(sound.path.absolute())]
    # The image decides how long it lasts: silence after a shorter sound, the end for a longer one.
    return [*source, "-map", "0:v", "-map", "1:a:0?", "-c:a", "aac", "-b:a", "160k", "-af", "apad", "-shortest"]


@cache
def _codec(program: str) -> list[str]:
    try:
        told: Any = subprocess.run([program, "-hide_banner", "-encoders"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise RunError(f"{program} cannot be started: {error.strerror}") from error
    # Builds without GPL parts lack x264.
    if " libx264 " in told.stdout:
        return ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20"]
    return ["-c:v", "mpeg4", "-q:v", "4"]

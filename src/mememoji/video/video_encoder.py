"""Encoding of frames into an MP4 file, by ffmpeg where it is installed, else by OpenCV."""

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

_MAX_FPS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Audio:
    """The source of the audio track: a file, and the time in seconds to start from."""

    path: Path
    start: float = 0.0


class _Sink(Protocol):
    def write(self, image: RGBImage) -> None: ...
    def close(self) -> None: ...


class VideoEncoder:
    """A writer of MP4 files with a constant frame rate; frames are repeated or dropped to keep their times.

    With ffmpeg the file is H.264 with AAC audio; without it, MPEG-4 and silent. The file is playable after `close`.

    Args:
        path: The file, which is replaced.
        width: The width of the frames in pixels. H.264 needs even sides: ffmpeg pads odd ones by one pixel.
        height: The height of the frames in pixels.
        fps: The frames per second; higher rates are reduced to 60.
        audio: The source of the audio track; None writes none.
        ffmpeg_path: The path of ffmpeg; None searches for it, and "" uses OpenCV.

    Raises:
        RunError: The file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        *,
        audio: Audio | None = None,
        ffmpeg_path: str | None = None,
    ) -> None:
        self._size, self._fps = (width, height), min(fps, _MAX_FPS)
        ffmpeg_path = shutil.which("ffmpeg") if ffmpeg_path is None else ffmpeg_path
        self.uses_ffmpeg = bool(ffmpeg_path)
        """Whether the file is written by ffmpeg."""
        self._sink: _Sink = (
            _FfmpegSink(ffmpeg_path, path, self._size, self._fps, audio)
            if ffmpeg_path
            else _OpenCVSink(path, self._size, self._fps)
        )
        self._start: float | None = None
        self._pending: RGBImage | None = None
        self._num_written = 0

    def write(self, image: RGBImage, time: float) -> None:
        """Add a frame that is shown from `time` on.

        Args:
            image: The frame, (H, W, 3) uint8 RGB.
            time: The time in seconds; that of the first frame becomes the start of the file.

        Raises:
            ValueError: The frame has another size than the video.
            RunError: The encoder failed.
        """
        if image.shape != (self._size[1], self._size[0], 3):
            raise ValueError(f"image must be a frame of {self._size[0]}x{self._size[1]}, got shape {image.shape}")
        if self._start is None:
            self._start = time
        index = round((time - self._start) * self._fps)
        while self._pending is not None and self._num_written < index:
            self._encode(self._pending)
        self._pending = image

    def close(self) -> None:
        """Write the last frame and finish the file.

        Raises:
            RunError: The encoder failed.
        """
        try:
            if self._pending is not None:
                self._encode(self._pending)
        finally:
            self._pending = None
            self._sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # The first error is the one to report.
        with contextlib.suppress(RunError):
            self.close()

    def _encode(self, image: RGBImage) -> None:
        self._sink.write(image)
        self._num_written += 1


class _OpenCVSink:
    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        # The codec that every OpenCV wheel can write; H.264 is missing there.
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
        if not self._writer.isOpened():
            raise RunError(f"{path} cannot be written as a video; check that its folder exists and is writable")

    def write(self, image: RGBImage) -> None:
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        self._writer.release()


class _FfmpegSink:
    def __init__(self, program: str, path: Path, size: tuple[int, int], fps: float, audio: Audio | None) -> None:
        if not path.parent.is_dir():
            raise RunError(f"{path} cannot be written: the folder {path.parent} does not exist")
        command = [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{fps:.6f}"]
        command += ["-i", "pipe:0", *_audio_options(audio)]
        command += [*_codec_options(program), "-pix_fmt", "yuv420p", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"]
        command += ["-movflags", "+faststart", "-f", "mp4", str(path.absolute())]
        self._path = path
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        try:
            # In a session of its own, so that Ctrl-C does not reach ffmpeg and the file is finished properly.
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._stderr, start_new_session=True
            )
        except OSError as error:
            self._stderr.close()
            raise RunError(f"{program} cannot be started: {error.strerror}") from error

    def write(self, image: RGBImage) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(image).data)
        except BrokenPipeError as error:
            raise self._make_error() from error

    def close(self) -> None:
        if self._stderr.closed:
            return
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        failed = self._process.wait() != 0
        error = self._make_error()
        self._stderr.close()
        if failed:
            raise error

    def _make_error(self) -> RunError:
        self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        return RunError(f"ffmpeg cannot write {self._path}: {lines[-1] if lines else 'it gave no reason'}")


def _audio_options(audio: Audio | None) -> Sequence[str]:
    if audio is None:
        return ["-map", "0:v"]
    source = ["-ss", f"{audio.start:.6f}", "-i", str(audio.path.absolute())]
    # The frames set the duration: shorter audio is padded with silence, longer audio is cut.
    return [*source, "-map", "0:v", "-map", "1:a:0?", "-c:a", "aac", "-b:a", "160k", "-af", "apad", "-shortest"]


@cache
def _codec_options(program: str) -> list[str]:
    try:
        done: Any = subprocess.run([program, "-hide_banner", "-encoders"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise RunError(f"{program} cannot be started: {error.strerror}") from error
    # Builds without GPL components lack x264.
    if " libx264 " in done.stdout:
        return ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20"]
    return ["-c:v", "mpeg4", "-q:v", "4"]

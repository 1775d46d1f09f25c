"""Opening of media files with PyAV, by any file name."""

from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.format import Flags as FormatFlags
from av.stream import Disposition
from av.video.stream import VideoStream

from mememoji.errors import VideoError
from mememoji.file_names import format_name

_LISTS: Final = frozenset({"concat", "dash", "hls", "imf", "sdp", "vobsub", "webm_dash_manifest"})
"""Formats whose files name other files, or addresses, to read."""
_OPEN_OPTIONS: Final = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(sorted(av.formats_available - _LISTS)),
    # A percent sign in the name of an image does not number a sequence of them.
    "pattern_type": "none",
}
"""What keeps FFmpeg to the one file: an input must not make this machine read other files or fetch URLs."""

MAX_REPEAT: Final = 0.5
"""The time in seconds by which a timestamp may be before the last one without a reset of the clock."""


def open_media_file(path: Path) -> InputContainer:
    """Open a media file for reading.

    Args:
        path: The file.

    Raises:
        VideoError: The file is missing, cannot be read or is not a media file.
    """
    if not path.is_file():
        raise VideoError(f"{format_name(path)} must be a video file; no file has this path")
    try:
        return av.open(make_url(path), container_options=_OPEN_OPTIONS, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise VideoError(f"{format_name(path)} cannot be read: {error.strerror}") from error
        raise VideoError(
            f"{format_name(path)} must be a video that FFmpeg can read; it may be damaged, cut off or a list of files"
        ) from error


def make_url(path: Path) -> str:
    """Return the URL of a file, so that a colon in its name is not taken for a protocol."""
    return f"file:{path}"


def find_video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the video stream that players show; cover images do not count.

    Raises:
        VideoError: The file contains no video stream, or no decoder for it is available.
    """
    attached = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & attached]
    if not streams:
        content = "audio and a cover image" if container.streams.video else "audio"
        raise VideoError(f"{format_name(path)} must contain a video stream; it contains only {content}")
    best = container.streams.best("video")
    stream = best if isinstance(best, VideoStream) and best in streams else streams[0]
    if stream.codec_context is None:
        raise VideoError(f"{format_name(path)}: no decoder for this video is available; convert it to H.264")
    return stream


def find_clock_origin(container: InputContainer) -> float:
    """Return the time in seconds at which the clock of a file begins, as players count.

    It is that of the file, except in broadcast formats such as MPEG-TS, whose clock starts anywhere: there it is the
    start of the first stream.
    """
    is_broadcast = bool(FormatFlags(container.format.flags) & FormatFlags.ts_discont)
    return container.start_time / av.time_base if is_broadcast and container.start_time is not None else 0.0

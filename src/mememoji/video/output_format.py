"""The containers that videos are written to, known by the suffix of the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.errors import InputError
from mememoji.file_names import format_name


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A container and what it holds, in FFmpeg's names.

    Attributes:
        muxer: The muxer.
        video_encoders: The encoders of the video, the best first; not every build of FFmpeg has all.
        audio_codecs: The audio codecs that are copied unchanged, because common players play them in this container.
        audio_encoder: The encoder of all other audio.
        subtitle_codecs: The subtitle codecs that are copied; others are left out.
        options: The options of the muxer.
    """

    muxer: str
    video_encoders: tuple[str, ...]
    audio_codecs: frozenset[str]
    audio_encoder: str
    subtitle_codecs: frozenset[str]
    options: tuple[tuple[str, str], ...] = ()


_H264: Final = "libx264", "libopenh264", "mpeg4"
_MP4_AUDIO: Final = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus"})
_PCM: Final = frozenset({"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_u8"})
_MATROSKA_AUDIO: Final = _MP4_AUDIO | _PCM | {"dts", "truehd", "vorbis", "wavpack"}
_MATROSKA_SUBTITLES: Final = frozenset(
    {"ass", "dvb_subtitle", "dvd_subtitle", "hdmv_pgs_subtitle", "ssa", "srt", "subrip", "webvtt"}
)
# The index goes to the front, so that a browser plays the file while it loads.
_FRONT_INDEX: Final = (("movflags", "+faststart"),)

_MP4: Final = OutputFormat("mp4", _H264, _MP4_AUDIO, "aac", frozenset({"mov_text"}), _FRONT_INDEX)
OUTPUT_FORMATS: Final = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": OutputFormat(
        "mov", _H264, _MP4_AUDIO - {"flac", "opus"} | _PCM, "aac", frozenset({"mov_text"}), _FRONT_INDEX
    ),
    ".mkv": OutputFormat("matroska", _H264, _MATROSKA_AUDIO, "aac", _MATROSKA_SUBTITLES),
    ".webm": OutputFormat(
        "webm", ("libvpx-vp9", "libvpx"), frozenset({"opus", "vorbis"}), "libopus", frozenset({"webvtt"})
    ),
}
"""The known containers by suffix. All of them keep a variable frame rate."""


def find_output_format(path: Path) -> OutputFormat:
    """Return the container for a file to be written.

    Raises:
        InputError: The suffix of the file is not that of a known container.
    """
    try:
        return OUTPUT_FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(OUTPUT_FORMATS)
        raise InputError(f"a written video must end in one of {known}, got {format_name(path.name)}") from None

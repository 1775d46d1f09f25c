"""Reading of video files."""

import gc
import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image, ImageCms

from mememoji.errors import TooLargeError, VideoError
from mememoji.image_io import ImageLimits
from mememoji.video.video_reader import VideoReader
from tests.video.conftest import MakeClip, level
from tests.video.media_files import COLORS, Beep, make_gray, make_quadrants, read_quadrants, write_media


def make_frames(times: Any) -> list[tuple[float, Any]]:
    """Return plain frames of rising gray level."""
    return [(float(time), make_gray(level(number))) for number, time in enumerate(times)]


def make_noise() -> list[tuple[float, Any]]:
    """Return frames of six seconds that fill a file."""
    noise = np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3), np.uint8)
    return [(number / 10, image) for number, image in enumerate(noise)]


def read_times(reader: VideoReader) -> list[float]:
    return [frame.time for frame in reader]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no file has this path"),
        (b"no video", "must be a video"),
        ([], "only audio"),
    ],
)
def test_video_reader_invalid_file_is_rejected(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        write_media(path, content, Beep())
    with pytest.raises(VideoError, match=message):
        VideoReader(path)


def test_video_reader_cover_image_is_not_a_video(tmp_path: Path) -> None:
    attributes = {"disposition": Disposition.attached_pic}
    frames = [(0.0, make_gray(100))]
    path = write_media(
        tmp_path / "song.mp4", frames, Beep(), codec="mjpeg", pixel_format="yuvj420p", attributes=attributes
    )
    with pytest.raises(VideoError, match="only audio and a cover image"):
        VideoReader(path)


@pytest.mark.parametrize(
    "name", ["2026-11-28T12:30:05.mp4", "50%d.mp4", "-x.mp4", "a\nb.mp4", os.fsdecode(b"fran\xe7ois.mp4")]
)
def test_video_reader_reads_a_file_of_any_name(name: str, make_clip: MakeClip) -> None:
    assert len(read_times(VideoReader(make_clip(3, name=name)))) == 3


def test_video_reader_percent_sign_in_the_name_of_an_image_numbers_no_sequence(tmp_path: Path) -> None:
    # With a color profile, which PyAV cannot free.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(make_gray(60)).save(tmp_path / "x%03d.png", icc_profile=profile)
    assert len(read_times(VideoReader(tmp_path / "x%03d.png"))) == 1
    gc.collect()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:1,\nclip.ts\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "ffconcat version 1.0\nfile clip.ts\n"),
    ],
)
def test_video_reader_list_of_files_is_rejected(name: str, content: str, tmp_path: Path) -> None:
    write_media(tmp_path / "clip.ts", [(0.0, make_gray(60))])
    (tmp_path / name).write_text(content)
    with pytest.raises(VideoError, match="a list of files"):
        VideoReader(tmp_path / name)


def test_video_reader_returns_frames_with_times(make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip(20))
    assert (reader.width, reader.height, reader.fps, reader.duration) == (96, 64, 10, 2)
    frames = list(reader)
    assert [frame.time for frame in frames] == pytest.approx([number / 10 for number in range(20)])
    assert [frame.image.mean() for frame in frames] == pytest.approx([level(n) for n in range(20)], abs=3)
    assert frames[0].image.shape == (64, 96, 3)
    assert reader.end_of_stream is not None
    assert (reader.end_of_stream.complete, reader.end_of_stream.num_damaged) == (True, 0)
    assert reader.end_of_stream.time == pytest.approx(2)


@pytest.mark.parametrize(
    ("start", "stop", "frame_stride", "expected"), [(0.5, 1.0, 1, [5, 6, 7, 8, 9]), (1, None, 4, [10, 14, 18])]
)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm"])
def test_video_reader_start_stop_and_stride_select_frames(
    make_clip: MakeClip, name: str, start: float, stop: float | None, frame_stride: int, expected: list[int]
) -> None:
    reader = VideoReader(make_clip(20, name=name), start=start, stop=stop, frame_stride=frame_stride)
    frames = list(reader)
    assert [frame.time for frame in frames] == pytest.approx([number / 10 for number in expected])
    assert [frame.image.mean() for frame in frames] == pytest.approx([level(n) for n in expected], abs=6)
    assert reader.end_of_stream is not None
    assert reader.end_of_stream.complete


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (float("nan"), None), (2, 1), (1, 1), (5, None)])
def test_video_reader_invalid_start_or_stop_is_rejected(make_clip: MakeClip, start: float, stop: float | None) -> None:
    with pytest.raises(VideoError):
        VideoReader(make_clip(20), start=start, stop=stop)


def test_video_reader_frames_over_the_limit_are_rejected(make_clip: MakeClip) -> None:
    with pytest.raises(TooLargeError, match="96x64"):
        VideoReader(make_clip(2), limits=ImageLimits(max_pixels=1000))


@pytest.mark.parametrize("name", ["long.mkv", "long.mp4", "long.ts", "long.avi", "long.mov"])
def test_video_reader_longer_audio_is_not_damage(name: str, tmp_path: Path) -> None:
    path = write_media(tmp_path / name, make_frames(np.arange(10) / 10), Beep("mp2", end=4))
    reader = VideoReader(path)
    assert len(read_times(reader)) == 10
    assert reader.end_of_stream is not None
    assert (reader.end_of_stream.complete, reader.end_of_stream.num_damaged) == (True, 0)
    assert reader.end_of_stream.time < 2


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.ts", "cut.avi", "cut.flv", "cut.gif"])
def test_video_reader_truncated_file_reports_where_it_ended(name: str, tmp_path: Path) -> None:
    codec, pixel_format = {"gif": ("gif", "rgb8"), "flv": ("flv", "yuv420p")}.get(name[4:], ("mpeg4", "yuv420p"))
    container = {"movflags": "+faststart"} if name.endswith("mp4") else None
    path = write_media(tmp_path / name, make_noise(), codec=codec, pixel_format=pixel_format, container=container)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 1])
    reader = VideoReader(path)
    times = read_times(reader)
    assert 10 < len(times) < 60
    assert reader.end_of_stream is not None
    assert not reader.end_of_stream.complete
    assert times[-1] < reader.end_of_stream.time < 6


@pytest.mark.parametrize(("first", "last"), [(0.5, 1.0), (0.4, 0.5)], ids=["end", "middle"])
def test_video_reader_zeros_in_a_file_are_reported(first: float, last: float, tmp_path: Path) -> None:
    path = write_media(tmp_path / "zeros.mp4", make_noise(), container={"movflags": "+faststart"})
    content = bytearray(path.read_bytes())
    begin, end = (round(len(content) * part) for part in (first, last))
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)
    reader = VideoReader(path)
    assert len(read_times(reader)) < 60
    assert reader.end_of_stream is not None
    assert reader.end_of_stream.num_damaged > 0
    assert reader.end_of_stream.complete == (last < 1)


# The display matrix (ISO/IEC 14496-12), and the four colors as they are shown.
@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), COLORS),
        ((0, 1, -1, 0), np.rot90(COLORS, -1)),
        ((-1, 0, 0, -1), np.rot90(COLORS, 2)),
        ((0, -1, 1, 0), np.rot90(COLORS)),
        ((-1, 0, 0, 1), COLORS[:, ::-1]),
        ((1, 0, 0, -1), COLORS[::-1]),
        ((0, 1, 1, 0), COLORS.swapaxes(0, 1)),
    ],
    ids=["none", "right", "half", "left", "mirrored", "flipped", "transposed"],
)
def test_video_reader_applies_rotation_and_mirroring(matrix: tuple[int, ...], shown: Any, tmp_path: Path) -> None:
    path = write_media(tmp_path / "turned.mp4", [(0.0, make_quadrants())], codec="libx264", pixel_format="yuv444p")
    content = bytearray(path.read_bytes())
    # The track header's matrix: 44 bytes behind the box's name, in 16.16 and 2.30 fixed point.
    a, b, c, d = (65536 * value for value in matrix)
    struct.pack_into(">9i", content, content.index(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    reader = VideoReader(path)
    (frame,) = reader
    assert (reader.height, reader.width) == frame.image.shape[:2] == ((48, 64), (64, 48))[abs(matrix[1])]
    np.testing.assert_allclose(read_quadrants(frame.image), shown, atol=6)


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("libx264", "yuv420p", ".mp4"),
        ("libx264", "yuvj420p", ".mp4"),
        ("libx264", "yuv420p10le", ".mp4"),
        ("libx264", "yuv444p", ".mkv"),
        ("prores_ks", "yuv422p10le", ".mov"),
        ("libvpx-vp9", "yuv420p", ".webm"),
        ("mjpeg", "yuvj420p", ".avi"),
        ("gif", "rgb8", ".gif"),
        ("png", "rgb48be", ".mov"),
    ],
)
def test_video_reader_colors_are_right(codec: str, pixel_format: str, suffix: str, tmp_path: Path) -> None:
    frames = [(number / 10, make_quadrants()) for number in range(3)]
    path = write_media(tmp_path / f"colors{suffix}", frames, codec=codec, pixel_format=pixel_format)
    images = [frame.image for frame in VideoReader(path)]
    assert len(images) == 3
    # GIF has 3 bits of red and green, and 2 of blue.
    np.testing.assert_allclose(read_quadrants(images[0]), COLORS, atol=45 if codec == "gif" else 8)


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libvpx-vp9", ".webm"), ("libvpx", ".webm"), ("prores_ks", ".mov"), ("png", ".mov")]
)
def test_video_reader_transparent_pixels_are_white(codec: str, suffix: str, tmp_path: Path) -> None:
    image = np.dstack([make_quadrants(), np.full((48, 64), 255, np.uint8)])
    image[24:, :, 3] = 0
    pixel_format = {"prores_ks": "yuva444p10le", "png": "rgba"}.get(codec, "yuva420p")
    options = {"auto-alt-ref": "0"} if codec == "libvpx" else {}
    path = write_media(
        tmp_path / f"alpha{suffix}", [(0.0, image)], codec=codec, pixel_format=pixel_format, options=options
    )
    shown = read_quadrants(next(iter(VideoReader(path))).image)
    np.testing.assert_allclose(shown[0], COLORS[0], atol=8)
    np.testing.assert_allclose(shown[1], 255, atol=3)


@pytest.mark.parametrize(("shape", "size"), [((64, 45), (92, 48)), ((8, 9), (64, 54))])
def test_video_reader_anamorphic_frames_get_square_pixels(
    shape: tuple[int, int], size: tuple[int, int], tmp_path: Path
) -> None:
    frames = [(0.0, make_quadrants())]
    path = write_media(tmp_path / "wide.mp4", frames, attributes={"sample_aspect_ratio": Fraction(*shape)})
    reader = VideoReader(path)
    assert (reader.width, reader.height) == size
    assert next(iter(reader)).image.shape[:2] == size[::-1]


def test_video_reader_anamorphic_case_is_16_to_9(shared: Path) -> None:
    reader = VideoReader(shared / "cases/anamorphic/pal.mp4")
    assert (reader.width, reader.height) == (1024, 576)


def test_video_reader_interlaced_frames_are_deinterlaced(tmp_path: Path) -> None:
    frames = []
    for number in range(6):
        image = make_gray(40)
        # A bar that moves between the two fields of a frame.
        image[0::2, 4 + 8 * number : 12 + 8 * number] = 220
        image[1::2, 8 + 8 * number : 16 + 8 * number] = 220
        frames.append((number / 10, image))
    path = write_media(tmp_path / "fields.mp4", frames, codec="libx264", options={"x264-params": "tff=1:crf=5"})
    images = [frame.image for frame in VideoReader(path)]
    assert len(images) == 6
    combed = [np.abs(np.diff(image.astype(int), axis=0)).mean() for _, image in frames]
    shown = [np.abs(np.diff(image.astype(int), axis=0)).mean() for image in images]
    assert max(shown) < 0.3 * min(combed)


def test_video_reader_joined_streams_keep_their_sizes_and_go_on_in_time(tmp_path: Path) -> None:
    parts = [
        write_media(tmp_path / f"{width}.ts", [(n / 10, make_gray(90, width, 48)) for n in range(10)], codec="mpeg4")
        for width in (64, 96)
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames = list(VideoReader(joined))
    assert {frame.image.shape[1] for frame in frames} == {64, 96}
    steps = np.diff([frame.time for frame in frames])
    assert len(frames) >= 18
    assert 0 < steps.min() < steps.max() < 0.35


def test_video_reader_keeps_the_clock_of_the_file(tmp_path: Path) -> None:
    times = [1.5 + number / 10 for number in range(20) if not 5 <= number < 10]
    late = write_media(tmp_path / "late.mkv", make_frames(times), Beep(end=3))
    assert read_times(VideoReader(late)) == pytest.approx(times, abs=2e-3)
    assert read_times(VideoReader(late, start=2.6)) == pytest.approx(times[6:], abs=2e-3)
    # Matroska has no timestamps below 0.
    early = write_media(
        tmp_path / "early.mkv",
        make_frames(np.arange(-5, 15) / 10),
        Beep(start=-0.5),
        codec="libx264",
        container={"avoid_negative_ts": "disabled"},
    )
    assert read_times(VideoReader(early)) == pytest.approx(np.arange(-5, 15) / 10, abs=2e-3)
    # The clock of a broadcast starts anywhere.
    broadcast = write_media(
        tmp_path / "late.ts", [(time + 300, image) for time, image in make_frames(times)], Beep("mp2", 300, 303, 301)
    )
    assert read_times(VideoReader(broadcast)) == pytest.approx(times, abs=0.03)
    assert read_times(VideoReader(broadcast, start=2.55)) == pytest.approx(times[6:], abs=0.03)


def test_video_reader_late_case_begins_with_the_clock_of_its_audio(shared: Path) -> None:
    reader = VideoReader(next((shared / "cases").glob("late-*/late.mkv")))
    assert (reader.clock_start, reader.first_time) == pytest.approx((0, 1.523))

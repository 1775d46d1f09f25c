"""Encoding of frames into a file, with the audio and subtitles of another one."""

from pathlib import Path

import av
import numpy as np
import pytest

from mememoji.errors import InputError, RunError
from mememoji.video.output_format import OUTPUT_FORMATS
from mememoji.video.source_streams import SourceStreams
from mememoji.video.video_encoder import VideoEncoder
from mememoji.video.video_reader import VideoReader
from tests.video.media_files import COLORS, Beep, find_beep, make_gray, make_quadrants, read_quadrants, write_media

FLASH = 3.0


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two audio streams, whose video begins 1.5 s later; flash and beep are at 3 s."""
    frames = [(1.5 + n / 10, make_gray(230 if n == 15 else 60)) for n in range(30)]
    beeps = Beep("aac", end=5.5, beep=FLASH), Beep("pcm_s16le", start=0.5, end=5, beep=FLASH)
    return write_media(tmp_path_factory.mktemp("late") / "late.mkv", frames, *beeps)


def copy_video(source: Path, path: Path, start: float = 0.0, stop: float | None = None) -> tuple[str, ...]:
    """Write a copy as `process_video` does."""
    reader = VideoReader(source, start=start, stop=stop)
    streams = SourceStreams(source, start or None, stop)
    with VideoEncoder(path, reader.width, reader.height, reader.fps, source=streams, start=start) as encoder:
        for frame in reader:
            encoder.write(frame.image, frame.time)
    return encoder.messages


def find_flash(path: Path) -> float:
    """Return the time of the first bright frame, in seconds."""
    levels = {frame.time: float(frame.image.mean()) for frame in VideoReader(path)}
    threshold = (max(levels.values()) + float(np.median(list(levels.values())))) / 2
    return next(time for time, level in levels.items() if level > threshold)


@pytest.mark.parametrize("suffix", OUTPUT_FORMATS)
def test_video_encoder_frames_keep_their_times_and_colors(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    times = 5.0, 5.3, 5.31, 5.4
    with VideoEncoder(path, 64, 48, 10) as encoder:
        for time, level in zip(times, (40, 120, 200, 240), strict=True):
            encoder.write(make_gray(level), time)
        encoder.write(make_quadrants(), 5.4)
    reader = VideoReader(path)
    frames = list(reader)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.3, 0.31, 0.4], abs=1e-3)
    # Of frames at the same time the last one stays.
    assert [float(frame.image.mean()) for frame in frames[:3]] == pytest.approx([40, 120, 200], abs=4)
    np.testing.assert_allclose(read_quadrants(frames[3].image), COLORS, atol=12)
    assert reader.end_of_stream is not None
    assert reader.end_of_stream.time == pytest.approx(0.5, abs=0.02)
    with av.open(path) as file:
        assert file.streams.video[0].sample_aspect_ratio == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_video_encoder_copy_keeps_flash_and_beep_together(suffix: str, late: Path, tmp_path: Path) -> None:
    path = tmp_path / f"copy{suffix}"
    assert copy_video(late, path) == ()
    assert find_flash(path) == pytest.approx(FLASH, abs=0.01)
    for index, (begin, end) in enumerate([(0, 5.5), (0.5, 5)]):
        found = find_beep(path, index)
        # A block of the codec at both ends.
        assert found == pytest.approx((begin, FLASH, end), abs=0.05)
        assert found[1] == pytest.approx(FLASH, abs=0.01)


def test_video_encoder_copy_of_the_late_case_keeps_flash_and_beep_together(shared: Path, tmp_path: Path) -> None:
    (source,) = (shared / "cases").glob("late-*/late.mkv")
    path = tmp_path / "copy.mp4"
    copy_video(source, path)
    assert find_flash(path) == pytest.approx(3.043, abs=0.002)
    assert find_beep(path) == pytest.approx(find_beep(source), abs=0.002)


def test_video_encoder_copy_of_aac_from_mp4_does_not_move_the_frames(tmp_path: Path) -> None:
    # Its first packet lies before 0.
    frames = [(n / 10, make_gray(230 if n == 5 else 60)) for n in range(10)]
    copy_video(write_media(tmp_path / "source.mp4", frames, Beep()), tmp_path / "copy.mkv")
    assert find_flash(tmp_path / "copy.mkv") == pytest.approx(0.5, abs=1e-3)
    assert find_beep(tmp_path / "copy.mkv")[1] == pytest.approx(0.5, abs=0.005)


def test_video_encoder_joined_recordings_stay_together(tmp_path: Path) -> None:
    frames = [(n / 10, make_gray(230 if n == 5 else 60)) for n in range(10)]
    silent = write_media(tmp_path / "a.ts", [(time, make_gray(60)) for time, _ in frames], Beep("mp2", beep=9))
    (tmp_path / "joined.ts").write_bytes(
        silent.read_bytes() + write_media(tmp_path / "b.ts", frames, Beep("mp2", beep=0.5)).read_bytes()
    )
    copy_video(tmp_path / "joined.ts", tmp_path / "copy.mp4")
    assert find_flash(tmp_path / "copy.mp4") == pytest.approx(1.5, abs=0.1)
    assert find_beep(tmp_path / "copy.mp4")[1] == pytest.approx(1.5, abs=0.1)


def test_video_encoder_part_has_its_part_of_the_audio(late: Path, tmp_path: Path) -> None:
    path = tmp_path / "part.mp4"
    copy_video(late, path, start=2.5, stop=4)
    assert find_flash(path) == pytest.approx(FLASH - 2.5, abs=0.01)
    for index in range(2):
        begin, beep, end = find_beep(path, index)
        assert beep == pytest.approx(FLASH - 2.5, abs=0.01)
        assert (begin, end) == pytest.approx((0, 1.5), abs=0.05)


def test_video_encoder_copies_audio_unchanged_where_the_container_holds_it(late: Path, tmp_path: Path) -> None:
    for suffix, expected in ((".mp4", ["aac", "aac"]), (".mkv", ["aac", "pcm_s16le"]), (".webm", ["opus", "opus"])):
        copy_video(late, tmp_path / f"copy{suffix}")
        with av.open(tmp_path / f"copy{suffix}") as file:
            codecs = [stream.codec_context.codec.canonical_name for stream in file.streams.audio]
            assert codecs == expected
            packets = [bytes(packet) for packet in file.demux(audio=0) if packet.size]
        if suffix == ".mkv":
            with av.open(late) as file:
                assert packets == [bytes(packet) for packet in file.demux(audio=0) if packet.size]


@pytest.mark.parametrize(("suffix", "is_kept"), [(".mkv", True), (".mp4", False)])
def test_video_encoder_subtitles_are_copied_or_reported(suffix: str, is_kept: bool, tmp_path: Path) -> None:
    source = tmp_path / "source.mkv"
    with av.open(source, "w") as file:
        video, subtitles = file.add_stream("mpeg4", rate=10), file.add_mux_stream("subrip")
        video.width, video.height = 64, 48
        packets = video.encode(av.VideoFrame.from_ndarray(make_gray(60), format="rgb24")) + video.encode(None)
        # Two that overlap.
        for time, duration in ((0, 4000), (1000, 2000)):
            subtitle = av.Packet(b"Hello")
            subtitle.stream, subtitle.pts, subtitle.dts, subtitle.duration = subtitles, time, time, duration
            packets.append(subtitle)
        file.mux(packets)
    messages = copy_video(source, tmp_path / f"copy{suffix}")
    with av.open(tmp_path / f"copy{suffix}") as file:
        assert bool(file.streams.subtitles) == is_kept
        if is_kept:
            assert [packet.pts for packet in file.demux(subtitles=0) if packet.size] == [0, 1000]
        assert bool(messages) != is_kept
    if messages:
        assert "does not hold subtitles in subrip; write .mkv to" in messages[0]


@pytest.mark.parametrize("size", [(65, 49), (101, 64)])
def test_video_encoder_odd_size_grows_by_one_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.mp4"
    with VideoEncoder(path, *size, 10) as encoder:
        for number in range(3):
            encoder.write(make_gray(120, *size), number / 10)
    (first, *_) = VideoReader(path)
    assert first.image.shape[:2] == tuple(side + side % 2 for side in size[::-1])
    np.testing.assert_allclose(first.image, 120, atol=4)


def test_video_encoder_frame_of_another_size_is_scaled_in_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoEncoder(path, 64, 48, 10) as encoder:
        encoder.write(make_gray(200), 0)
        encoder.write(make_gray(200, 48, 96), 0.1)
    _, second = VideoReader(path)
    # 24x48 in the middle of 64x48.
    np.testing.assert_allclose(second.image[:, 26:38], 200, atol=8)
    np.testing.assert_allclose(second.image[:, :14], 0, atol=8)


def test_video_encoder_interrupted_file_is_playable(late: Path, tmp_path: Path) -> None:
    path = tmp_path / "part.mp4"

    def write() -> None:
        with VideoEncoder(path, 64, 48, 10, source=SourceStreams(late), start=0) as encoder:
            for frame in VideoReader(late):
                encoder.write(frame.image, frame.time)
                if frame.time > 3.3:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert find_flash(path) == pytest.approx(FLASH, abs=0.01)
    assert find_beep(path)[1:] == pytest.approx((FLASH, 3.4), abs=0.05)


def test_video_encoder_invalid_path_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="does not exist"):
        VideoEncoder(tmp_path / "nowhere" / "out.mp4", 64, 48, 10)
    with pytest.raises(InputError, match=r"must end in one of \.mp4, .*, got out\.xyz"):
        VideoEncoder(tmp_path / "out.xyz", 64, 48, 10)

"""`mememoji video`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mememoji.analyzer import Analyzer
from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from mememoji.cli import app
from mememoji.file_names import to_unicode
from mememoji.image_io import read_image
from mememoji.video.timeline import read_timeline
from mememoji.video.video_encoder import VideoEncoder
from mememoji.video.video_reader import VideoReader

Video = Callable[..., Result]


@pytest.fixture
def video(pooled_weights: Path) -> Video:
    """Runs the command with a small network."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["video", "--weights", str(pooled_weights), *map(str, arguments)])

    return run


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, astronaut_path: Path) -> Path:
    """A clip of one second: ten frames of the portrait."""
    image = np.asarray(cv2.resize(read_image(astronaut_path), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with VideoEncoder(path, 256, 256, 10) as encoder:
        for number in range(10):
            encoder.write(np.roll(image, number, axis=1), number / 10)
    return path


def test_video_writes_all_outputs(video: Video, clip: Path, tmp_path: Path) -> None:
    names = {"out": "o.mp4", "csv": "o.csv", "summary": "o.json", "plot": "o.png"}
    result = video(clip, "--detector", "haar", *(f"--{option}={tmp_path / name}" for option, name in names.items()))
    assert result.exit_code == 0, result.stderr
    assert all((tmp_path / name).stat().st_size > 0 for name in names.values())
    assert result.stdout.splitlines()[1].startswith("   1     0.00    0.90     1.00")
    assert {row.track_id for row in read_timeline(tmp_path / "o.csv")} == {1}
    assert json.loads((tmp_path / "o.json").read_text())["complete"] is True


@pytest.mark.parametrize("name", list_classifiers())
def test_video_takes_a_classifier_by_name(name: str, clip: Path, tmp_path: Path) -> None:
    csv = tmp_path / "o.csv"
    arguments = [
        "video",
        str(clip),
        "--detector",
        "full-image",
        "--classifier",
        name,
        "--csv",
        str(csv),
        "--smoothing",
        "0",
    ]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    frame = next(iter(VideoReader(clip))).image
    expected = Analyzer("full-image", load_shipped_classifier(name)).analyze_array(frame).faces[0].composition
    first = next(iter(read_timeline(csv))).composition
    assert list(first.fractions) == pytest.approx(list(expected.fractions), abs=1e-3)


def test_video_resume_completes_the_timeline(video: Video, clip: Path, tmp_path: Path) -> None:
    csv = tmp_path / "o.csv"
    assert video(clip, "--csv", csv, "--to", 0.5, "--detector", "full-image").exit_code == 0
    assert len(list(read_timeline(csv))) == 5
    assert video(clip, "--csv", csv, "--resume", "--detector", "full-image").exit_code == 0
    assert [row.time for row in read_timeline(csv)] == pytest.approx([n / 10 for n in range(10)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume"], "add --csv"),
        (["--resume", "--csv", "o.csv", "--out", "o.mp4"], "cannot resume into a video file"),
        (["--csv", "o", "--summary", "o"], "must be different files"),
        (["--csv", "nowhere/o.csv"], "does not exist"),
        (["--csv", "."], "must be a file, but is a folder"),
        (["--plot", "plot"], "--plot must end in .png, .svg, .pdf, .jpg or .webp, got plot"),
        (["--out", "o.avi"], "--out must end in .mp4"),
        (["--from", "9"], "end of"),
    ],
)
def test_video_invalid_options_are_rejected(video: Video, clip: Path, arguments: list[str], message: str) -> None:
    result = video(clip, *arguments)
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    "name",
    [
        "file:2026-11-28T12:30:05 100%d.mp4",
        "-$x$\n\t\x1b[31m 日本 🙂.mp4",
        # On other systems these bytes are not a valid name.
        *([os.fsdecode(b"fran\xe7ois.mp4")] if sys.platform == "linux" else []),
    ],
)
def test_video_reads_and_writes_files_of_any_name(
    video: Video, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).symlink_to(clip)
    outputs = [f"--out=o{name}", f"--csv={name}.csv", f"--summary={name}.json", f"--plot={name}.png"]
    result = video("--detector", "full-image", "--to", 0.2, *outputs, "--", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(list(tmp_path.iterdir())) == 5
    assert next(iter(VideoReader(Path(f"o{name}")))).image.shape == (256, 256, 3)
    assert json.loads(Path(f"{name}.json").read_text())["video"] == to_unicode(name)


@pytest.mark.skipif(sys.platform == "win32", reason="no /dev/stdout")
def test_video_timeline_to_standard_output_is_not_mixed_with_the_table(clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mememoji", "video", str(clip), "--detector", "full-image", "--to", "0.2"]
    with (tmp_path / "o.csv").open("w") as file:
        subprocess.run([*command, "--csv", "/dev/stdout"], stdout=file, stderr=subprocess.DEVNULL, check=True)
    assert [row.time for row in read_timeline(tmp_path / "o.csv")] == pytest.approx([0, 0.1])


@pytest.mark.parametrize("option", ["--out", "--csv", "--plot"])
def test_video_output_that_is_the_input_is_rejected(video: Video, clip: Path, tmp_path: Path, option: str) -> None:
    content = clip.read_bytes()
    link = tmp_path / "link.mp4"
    link.hardlink_to(clip)
    result = video(clip, option, link)
    assert result.exit_code == 1
    assert f"{option} {link} and the input {clip} must be different files" in result.stderr
    assert clip.read_bytes() == content


def test_video_invalid_file_is_reported_in_one_line(video: Video, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no video")
    result = video(tmp_path / "no.mp4")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "must be a video" in result.stderr


def test_video_interrupted_timeline_can_be_resumed(video: Video, pooled_weights: Path, tmp_path: Path) -> None:
    clip, csv = tmp_path / "long.mp4", tmp_path / "o.csv"
    with VideoEncoder(clip, 320, 240, 10) as encoder:
        for number in range(3000):
            encoder.write(np.full((240, 320, 3), number % 200, np.uint8), number / 10)
    arguments = ["video", str(clip), "--csv", str(csv), "--detector", "full-image", "--weights", str(pooled_weights)]
    # Background jobs of a shell ignore the signal, and child processes inherit that; the default is restored.
    running = subprocess.Popen(
        [sys.executable, "-m", "mememoji", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (csv.exists() and csv.stat().st_size > 1000) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "add --resume to continue" in stderr
    before = len(list(read_timeline(csv)))
    assert before < 3000
    assert (
        video(clip, "--csv", csv, "--resume", "--to", 299, "--frame-stride", 50, "--detector", "full-image").exit_code
        == 0
    )
    assert len(list(read_timeline(csv))) > before

"""`mememoji video`."""

import json
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
from mememoji.classification.shipped_classifiers import classifier_names, shipped_classifier
from mememoji.cli import app
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
    """One second of the portrait, ten frames."""
    image = np.asarray(cv2.resize(read_image(astronaut_path), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with VideoEncoder(path, 256, 256, 10, program="") as encoder:
        for number in range(10):
            encoder.write(np.roll(image, number, axis=1), number / 10)
    return path


def test_all_outputs(video: Video, clip: Path, tmp_path: Path) -> None:
    names = {"out": "o.mp4", "csv": "o.csv", "summary": "o.json", "plot": "o.png"}
    result = video(clip, "--detector", "haar", *(f"--{option}={tmp_path / name}" for option, name in names.items()))
    assert result.exit_code == 0, result.stderr
    assert all((tmp_path / name).stat().st_size > 0 for name in names.values())
    assert result.stdout.splitlines()[1].startswith("   1     0.00    0.90     1.00")
    assert {row.number for row in read_timeline(tmp_path / "o.csv")} == {1}
    assert json.loads((tmp_path / "o.json").read_text())["complete"] is True


@pytest.mark.parametrize("name", classifier_names())
def test_the_named_classifier_reads_the_frames(name: str, clip: Path, tmp_path: Path) -> None:
    csv = tmp_path / "o.csv"
    words = ["video", str(clip), "--detector", "whole", "--classifier", name, "--csv", str(csv), "--smoothing", "0"]
    assert CliRunner().invoke(app, words).exit_code == 0
    frame = next(iter(VideoReader(clip))).image
    expected = Analyzer("whole", shipped_classifier(name)).analyze_array(frame).faces[0].composition
    first = next(iter(read_timeline(csv))).composition
    assert list(first.fractions) == pytest.approx(list(expected.fractions), abs=1e-3)


def test_a_part_and_then_the_rest(video: Video, clip: Path, tmp_path: Path) -> None:
    csv = tmp_path / "o.csv"
    assert video(clip, "--csv", csv, "--to", 0.5, "--detector", "whole").exit_code == 0
    assert len(list(read_timeline(csv))) == 5
    assert video(clip, "--csv", csv, "--resume", "--detector", "whole").exit_code == 0
    assert [row.time for row in read_timeline(csv)] == pytest.approx([n / 10 for n in range(10)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume"], "name it with --csv"),
        (["--resume", "--csv", "o.csv", "--out", "o.mp4"], "cannot be gone on with"),
        (["--csv", "o", "--summary", "o"], "different files"),
        (["--csv", "nowhere/o.csv"], "no folder"),
        (["--from", "9"], "lasts 1.0 s"),
    ],
)
def test_what_does_not_go_together(video: Video, clip: Path, arguments: list[str], message: str) -> None:
    result = video(clip, *arguments)
    assert result.exit_code == 1
    assert message in result.stderr


def test_what_is_no_video(video: Video, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no video")
    result = video(tmp_path / "no.mp4")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no video" in result.stderr


def test_an_interruption_leaves_a_timeline_to_go_on_with(video: Video, pooled_weights: Path, tmp_path: Path) -> None:
    clip, csv = tmp_path / "long.mp4", tmp_path / "o.csv"
    with VideoEncoder(clip, 320, 240, 10, program="") as encoder:
        for number in range(3000):
            encoder.write(np.full((240, 320, 3), number % 200, np.uint8), number / 10)
    words = ["video", str(clip), "--csv", str(csv), "--detector", "whole", "--weights", str(pooled_weights)]
    # What a shell starts in the background ignores the interruption, and so do its children.
    running = subprocess.Popen(
        [sys.executable, "-m", "mememoji", *words],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (csv.exists() and csv.stat().st_size > 1000) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "--resume goes on" in told
    before = len(list(read_timeline(csv)))
    assert before < 3000
    assert video(clip, "--csv", csv, "--resume", "--to", 299, "--every", 50, "--detector", "whole").exit_code == 0
    assert len(list(read_timeline(csv))) > before

"""The timeline without a window."""

import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.analyzer import Analyzer
from mememoji.classification.shipped_classifiers import list_classifiers
from mememoji.cli import app
from mememoji.errors import VideoError
from mememoji.live.capture import Capture
from mememoji.live.headless import run_headless
from mememoji.video.timeline import read_timeline


def test_run_headless_file_is_read_to_its_end(clip: Path, analyzer: Analyzer, tmp_path: Path) -> None:
    frames = run_headless(Capture(str(clip), keep_all_frames=True), analyzer, tmp_path / "o.csv")
    rows = list(read_timeline(tmp_path / "o.csv"))
    assert (frames, len(rows)) == (20, 40)


def test_run_headless_lost_source_is_reported_once(no_camera: str, analyzer: Analyzer) -> None:
    messages: list[str] = []
    stream = io.StringIO()
    run_headless(Capture(no_camera, retry_seconds=0.1), analyzer, stream, seconds=2, on_message=messages.append)
    assert len(messages) == 1
    assert "trying again" in messages[0]
    assert stream.getvalue().startswith("time,face,angry")


def test_live_headless_prints_the_timeline(clip: Path, pooled_weights: Path) -> None:
    arguments = [
        "live",
        "--headless",
        "--source",
        str(clip),
        "--detector",
        "full-image",
        "--weights",
        str(pooled_weights),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 21


@pytest.mark.parametrize("name", list_classifiers())
def test_live_headless_takes_a_classifier_by_name(name: str, clip: Path) -> None:
    arguments = ["live", "--headless", "--source", str(clip), "--detector", "full-image", "--classifier", name]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) == 21


def test_live_unknown_classifier_is_a_usage_error(clip: Path) -> None:
    result = CliRunner().invoke(app, ["live", "--headless", "--source", str(clip), "--classifier", "micro"])
    assert result.exit_code == 2
    assert "must be one of" in " ".join(result.stderr.split())


def test_run_headless_unreadable_file_is_an_error(tmp_path: Path, analyzer: Analyzer) -> None:
    (tmp_path / "notes.mp4").write_text("not a video")
    with pytest.raises(VideoError, match=r"notes\.mp4"):
        run_headless(Capture(str(tmp_path / "notes.mp4"), keep_all_frames=True), analyzer, io.StringIO())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [(["--csv", "o.csv"], 2, "--headless"), (["--source", "missing.mp4"], 1, "no such file")],
)
def test_live_invalid_options_are_rejected(arguments: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(app, ["live", *arguments])
    assert result.exit_code == code
    assert message in result.stderr

"""The timeline without a window."""

import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.analyzer import Analyzer
from mememoji.classification.shipped_classifiers import classifier_names
from mememoji.cli import app
from mememoji.live.capture import Capture
from mememoji.live.headless import run_headless
from mememoji.video.timeline import read_timeline


def test_a_file_to_its_end(clip: Path, analyzer: Analyzer, tmp_path: Path) -> None:
    frames = run_headless(Capture(str(clip), wait=True), analyzer, tmp_path / "o.csv")
    rows = list(read_timeline(tmp_path / "o.csv"))
    assert (frames, len(rows)) == (20, 40)


def test_a_lost_source_is_told_once(no_camera: str, analyzer: Analyzer) -> None:
    told: list[str] = []
    stream = io.StringIO()
    run_headless(Capture(no_camera, retry=0.1), analyzer, stream, seconds=2, tell=told.append)
    assert len(told) == 1
    assert "trying again" in told[0]
    assert stream.getvalue().startswith("time,face,angry")


def test_the_command_prints(clip: Path, pooled_weights: Path) -> None:
    words = ["live", "--headless", "--source", str(clip), "--detector", "whole", "--weights", str(pooled_weights)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 21


@pytest.mark.parametrize("name", classifier_names())
def test_the_command_takes_a_classifier_by_name(name: str, clip: Path) -> None:
    words = ["live", "--headless", "--source", str(clip), "--detector", "whole", "--classifier", name]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) == 21


def test_an_unknown_classifier_is_wrong_usage(clip: Path) -> None:
    result = CliRunner().invoke(app, ["live", "--headless", "--source", str(clip), "--classifier", "micro"])
    assert result.exit_code == 2
    assert "must be one of" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [(["--csv", "o.csv"], 2, "--headless"), (["--source", "missing.mp4"], 1, "which is none")],
)
def test_what_does_not_go_together(words: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(app, ["live", *words])
    assert result.exit_code == code
    assert message in result.stderr

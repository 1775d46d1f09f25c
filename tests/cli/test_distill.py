"""`mememoji distill` and `mememoji search` on a few generated images."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mememoji.classification.model_card import ModelCard
from mememoji.cli import app
from mememoji.datasets.face_sets.face_set import FaceSet, write_face_set
from mememoji.datasets.splits import Split, write_split
from mememoji.training.classifier.classifier_run import read_classifier_checkpoint


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, pattern_split: Split) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name in ("train", "val"):
        write_split(pattern_split, folder / f"{name}.parquet")
    return folder


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_distill_with_an_unknown_preset_lists_the_presets(data: Path, tmp_path: Path) -> None:
    call = ["distill", "--data", str(data), "--out", str(tmp_path / "out"), "--teachers", "teacher-tiny"]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 1
    assert "the preset must be one of baseline" in result.stderr


def test_distill_trains_reports_and_keeps_what_is_finished(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call: list[str | Path] = ["distill", "--data", data, "--out", out, "--teachers", "debug", "--student", "debug"]
    call += ["--teacher-epochs", "1", "--student-epochs", "2", "--batch-size", "14", "--cached-views", "1"]
    call += ["--baseline"]
    assert "without --train-only" in run(*call, "--train-only")
    trained = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert trained == {
        f"{run}/{file}"
        for run in ("teachers/debug", "baseline", "student")
        for file in ("checkpoint.pt", "history.csv", "history.png")
    }

    run(*call)
    assert {path.name for path in out.iterdir()} == {
        "teachers", "baseline", "ensemble", "student", "compact.onnx", "compact.card.json", "summary.md",
    }  # fmt: skip
    card = ModelCard.read(out / "compact.card.json")
    assert card.name.startswith("compact-")
    assert (card.precision, set(card.temperatures)) == ("int8", {"labels", "votes"})
    assert card.trained_on.endswith("; distilled from 1 teachers: debug")
    rows = [line.split(" | ")[0] for line in (out / "summary.md").read_text().splitlines()[2:]]
    assert rows == ["| debug", "| baseline", "| ensemble", "| student", "| student, int8"]

    before = (out / "student" / "weights.onnx").read_bytes()
    assert "debug: already finished" in run(*call)
    assert (out / "student" / "weights.onnx").read_bytes() == before


def test_distill_teachers_from_distills_the_teachers_themselves(data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    call: list[str | Path] = ["distill", "--data", data, "--teachers", "debug", "--student", "debug", "--train-only"]
    call += ["--teacher-epochs", "1", "--student-epochs", "1", "--batch-size", "14", "--cached-views", "1"]
    run(*call, "--out", first, "--baseline")
    run(*call, "--out", second, "--teachers-from", first / "student", "--teachers-from", first / "baseline")
    plain, born_again = (read_classifier_checkpoint(out / "teachers" / "debug") for out in (first, second))
    assert (plain.config.num_cached_views, born_again.config.num_cached_views) == (0, 1)
    assert born_again.history[0].train_loss != plain.history[0].train_loss


def test_distill_mixes_face_sets_into_every_training(data: Path, tmp_path: Path) -> None:
    faces, out = tmp_path / "faces.parquet", tmp_path / "out"
    images = np.random.default_rng(9).integers(0, 256, (4, 64, 64)).astype(np.uint8)
    trust = np.full(4, 0.8, np.float32)
    write_face_set(FaceSet(images, np.arange(4, dtype=np.int8), trust, ("drawn",) * 4, tuple("abcd")), faces)
    call: list[str | Path] = ["distill", "--data", data, "--teachers", "debug", "--student", "debug", "--train-only"]
    call += ["--teacher-epochs", "1", "--student-epochs", "1", "--batch-size", "14", "--cached-views", "1"]
    run(*call, "--out", out, "--faces", f"{faces}:0.2")
    for name in ("teachers/debug", "student"):
        assert "4 faces from 1 other sources" in read_classifier_checkpoint(out / name).remarks


def test_search_writes_its_report(data: Path, tmp_path: Path) -> None:
    call: list[str | Path] = ["search", "--data", data, "--out", tmp_path, "--search-space", "compact"]
    output = run(*call, "--epochs", "1", "--trials", "1", "--train-subset", "64", "--threads", "2")
    assert output.startswith("1 trials, ")
    assert (tmp_path / "search.md").read_text().startswith("# Search over compact, 1 epochs per trial")


def test_search_workers_exit_when_the_search_is_killed(data: Path, tmp_path: Path) -> None:
    call = [sys.executable, "-m", "mememoji", "search", "--data", str(data), "--out", str(tmp_path / "search")]
    call += ["--epochs", "1", "--trials", "9999", "--train-subset", "64", "--threads", "1", "--workers", "2"]
    search = subprocess.Popen(call, start_new_session=True)
    try:
        wait_until(lambda: len(list((tmp_path / "search").glob("trials/*"))) > 0)
        search.terminate()
        search.wait(timeout=60)
        wait_until(lambda: not is_running(search.pid))
    finally:
        if is_running(search.pid):
            os.killpg(search.pid, signal.SIGKILL)


def is_running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(is_true: Callable[[], bool]) -> None:
    for _ in range(1200):
        if is_true():
            return
        time.sleep(0.1)
    pytest.fail("the condition did not become true within two minutes")


def test_calibrate_and_convert_write_weights_that_run(pooled_weights: Path, data: Path, tmp_path: Path) -> None:
    output = run("calibrate", pooled_weights, "--data", data / "val.parquet", "--out", tmp_path / "sure.onnx")
    assert "cross-fitted" in output
    run("convert", tmp_path / "sure.onnx", "--precision", "float16", "--data", data, "--out", tmp_path / "half.onnx")
    card = ModelCard.read(tmp_path / "half.card.json")
    assert card.precision == "float16"
    assert card.temperatures == ModelCard.read(tmp_path / "sure.card.json").temperatures
    assert card.scores["val"]["images"] == 70
    result = CliRunner().invoke(
        app,
        ["convert", str(pooled_weights), "--precision", "int4", "--data", str(data), "--out", str(tmp_path / "x.onnx")],
    )
    assert result.exit_code == 1
    assert "--precision must be one of float32, float16, int8" in result.stderr

"""`mememoji detector`."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.detection.detector_card import DetectorCard
from mememoji.detection.download import YUNET
from mememoji.model_files import compute_sha256
from tests.drawn_faces import draw_sample, write_parquet


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["detector", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def downloaded(home: Path, shared: Path) -> Path:
    """Put YuNet's weights where the command would."""
    published = shared / "models" / YUNET.file_name
    if not published.is_file():
        pytest.skip(f"no weights of YuNet at {published}")
    YUNET.path.parent.mkdir(parents=True)
    shutil.copyfile(published, YUNET.path)
    return YUNET.path


def test_list_shows_available_detectors_and_the_selected_one(home: Path) -> None:
    code, output = run("list")
    rows = {line.split()[0]: line for line in output.splitlines()}
    assert code == 0
    assert "no: mememoji detector download yunet" in rows["yunet"]
    assert "selected" in rows["compact"]
    assert "selected" not in rows["yunet"] + rows["haar"] + rows["full-image"]


def test_list_after_a_download_shows_the_detector_as_available(downloaded: Path) -> None:
    _, output = run("list")
    rows = {line.split()[0]: line for line in output.splitlines()}
    assert "yes" in rows["yunet"]
    assert "selected" in rows["compact"]


def test_download_of_an_existing_file_does_nothing(downloaded: Path) -> None:
    assert run("download", "yunet") == (0, f"{downloaded} exists already\n")


def test_download_of_haar_is_not_needed(home: Path) -> None:
    assert run("download", "haar") == (0, "haar needs no download\n")
    assert not home.exists()


def test_download_of_an_unknown_detector_exits_with_2(home: Path) -> None:
    code, output = run("download", "dragon")
    assert code == 2
    assert "got 'dragon'" in output


def test_download_without_a_server_prints_one_line_and_exits_with_1(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The proxy settings point to port 9 of this machine, where nothing listens.
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    code, output = run("download", "yunet")
    assert code == 1
    assert output.startswith("mememoji: cannot download https://")
    assert len(output.splitlines()) == 1
    assert not home.exists()


def test_train_resume_export_and_evaluate(tmp_path: Path) -> None:
    write_parquet([draw_sample(number, faces=number % 3) for number in range(8)], tmp_path / "train.parquet")
    write_parquet([draw_sample(number, faces=1) for number in range(20, 23)], tmp_path / "val.parquet")
    files = ["--data", str(tmp_path / "train.parquet"), "--val", str(tmp_path / "val.parquet")]
    short = [
        "--preset",
        "debug",
        "--out",
        str(tmp_path / "run"),
        "--batch-size",
        "4",
        "--image-size",
        "64",
        "--threads",
        "1",
    ]
    code, output = run("train", *files, *short, "--epochs", "1", "--lr-decay-epochs", "0")
    assert code == 0, output
    assert "and its card" in output
    names = {"history.csv", "history.png", "checkpoint.pt", "weights.onnx", "weights.card.json"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == names
    assert run("train", *files, *short)[0] == 1
    code, output = run("train", *files, *short, "--epochs", "2", "--lr-decay-epochs", "0", "--resume")
    assert code == 0, output
    weights = tmp_path / "net.onnx"
    code, output = run("export", str(tmp_path / "run"), *files[2:], "--out", str(weights), "--score-threshold", "0.3")
    assert code == 0, output
    second = [
        "--preset",
        "debug",
        "--out",
        str(tmp_path / "second"),
        *short[4:],
        "--epochs",
        "1",
        "--lr-decay-epochs",
        "0",
    ]
    write_parquet([draw_sample(number, faces=1) for number in range(30, 33)], tmp_path / "more.parquet")
    code, output = run("train", *files, "--data", str(tmp_path / "more.parquet"), *second, "--init-from", str(weights))
    assert "debug: 11 images" in output
    assert code == 0, output
    card = DetectorCard.read(tmp_path / "second" / "weights.card.json")
    assert f"1 epochs, initialized from the weights {compute_sha256(weights)[:12]};" in card.trained_on
    out = tmp_path / "report"
    detectors = ["--detector", "compact", "--detector", "haar", "--weights", str(weights)]
    baseline = ["--baseline", str(tmp_path / "second" / "weights.onnx")]
    code, output = run(
        "evaluate", "--data", files[3], "--out", str(out), *detectors, "--hard-negatives", files[1], *baseline
    )
    assert code == 0, output
    assert "| score threshold | 0.30 | 0.56 | 0.50 |" in output
    assert "| compact, baseline | 16 px and more, 0.985 |" in output
    sheets = {
        f"{kind}-{name}.jpg"
        for kind in ("false-negatives", "false-positives")
        for name in ("compact", "haar", "baseline")
    }
    assert {path.name for path in out.iterdir()} == {"report.json", "report.md", "precision-recall.png"} | sheets


def test_train_list_presets_prints_them() -> None:
    code, output = run("train", "--list-presets")
    assert code == 0
    assert "139,037 parameters" in output


def test_train_with_unknown_preset_prints_one_line(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("train.parquet", "val.parquet", "run")]
    code, output = run("train", "--data", files[0], "--val", files[1], "--out", files[2], "--preset", "huge")
    assert code == 1
    assert "got 'huge'" in output

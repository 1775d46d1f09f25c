"""`mememoji detector`."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.detection.detector_card import DetectorCard
from mememoji.detection.download import YUNET
from mememoji.model_files import sha256_of
from tests.drawn_faces import drawn, write_parquet


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["detector", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def downloaded(home: Path, shared: Path) -> Path:
    """YuNet's weights where the command puts them."""
    published = shared / "models" / YUNET.file_name
    if not published.is_file():
        pytest.skip(f"no weights of YuNet at {published}")
    YUNET.path.parent.mkdir(parents=True)
    shutil.copyfile(published, YUNET.path)
    return YUNET.path


def test_the_list_says_what_is_usable_and_what_auto_takes(home: Path) -> None:
    code, output = run("list")
    rows = {line.split()[0]: line for line in output.splitlines()}
    assert code == 0
    assert "no: mememoji detector fetch yunet" in rows["yunet"]
    assert "takes it" in rows["compact"]
    assert "takes it" not in rows["yunet"] + rows["haar"] + rows["whole"]


def test_the_list_after_a_download(downloaded: Path) -> None:
    _, output = run("list")
    rows = {line.split()[0]: line for line in output.splitlines()}
    assert "yes" in rows["yunet"]
    assert "takes it" in rows["compact"]


def test_what_is_there_is_not_fetched_again(downloaded: Path) -> None:
    assert run("fetch", "yunet") == (0, f"{downloaded} is there already\n")


def test_haar_needs_no_download(home: Path) -> None:
    assert run("fetch", "haar") == (0, "haar needs no download\n")
    assert not home.exists()


def test_an_unknown_detector_is_a_wrong_call(home: Path) -> None:
    code, output = run("fetch", "dragon")
    assert code == 2
    assert "got 'dragon'" in output


def test_a_failed_download_is_one_line_and_exit_code_1(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens on port 9 of this machine, which the system's own setting for downloads names here.
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    code, output = run("fetch", "yunet")
    assert code == 1
    assert output.startswith("mememoji: cannot download https://")
    assert len(output.splitlines()) == 1
    assert not home.exists()


def test_a_detector_is_trained_resumed_exported_and_evaluated(tmp_path: Path) -> None:
    write_parquet([drawn(number, faces=number % 3) for number in range(8)], tmp_path / "train.parquet")
    write_parquet([drawn(number, faces=1) for number in range(20, 23)], tmp_path / "val.parquet")
    files = ["--data", str(tmp_path / "train.parquet"), "--val", str(tmp_path / "val.parquet")]
    short = ["--preset", "minute", "--out", str(tmp_path / "run"), "--batch", "4", "--side", "64", "--threads", "1"]
    code, output = run("train", *files, *short, "--epochs", "1", "--fall", "0")
    assert code == 0, output
    assert "and its card" in output
    names = {"history.csv", "history.png", "checkpoint.pt", "weights.onnx", "weights.card.json"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == names
    assert run("train", *files, *short)[0] == 1
    code, output = run("train", *files, *short, "--epochs", "2", "--fall", "0", "--resume")
    assert code == 0, output
    weights = tmp_path / "net.onnx"
    code, output = run("export", str(tmp_path / "run"), *files[2:], "--out", str(weights), "--score-threshold", "0.3")
    assert code == 0, output
    further = ["--preset", "minute", "--out", str(tmp_path / "further"), *short[4:], "--epochs", "1", "--fall", "0"]
    write_parquet([drawn(number, faces=1) for number in range(30, 33)], tmp_path / "more.parquet")
    code, output = run("train", *files, "--data", str(tmp_path / "more.parquet"), *further, "--start", str(weights))
    assert "minute: 11 images" in output
    assert code == 0, output
    card = DetectorCard.read(tmp_path / "further" / "weights.card.json")
    assert f"1 epochs from the weights {sha256_of(weights)[:12]} on" in card.trained_on
    out = tmp_path / "report"
    chosen = ["--detector", "compact", "--detector", "haar", "--weights", str(weights)]
    baseline = ["--baseline", str(tmp_path / "further" / "weights.onnx")]
    code, output = run("evaluate", "--data", files[3], "--out", str(out), *chosen, "--held-out", files[1], *baseline)
    assert code == 0, output
    assert "| score threshold | 0.30 | 0.56 | 0.50 |" in output
    assert "| compact, baseline | 16 px and more, 0.985 |" in output
    sheets = {f"{kind}-{name}.jpg" for kind in ("misses", "alarms") for name in ("compact", "haar", "baseline")}
    assert {path.name for path in out.iterdir()} == {"report.json", "report.md", "curves.png"} | sheets


def test_presets_are_listed() -> None:
    code, output = run("train", "--list-presets")
    assert code == 0
    assert "139,037 parameters" in output


def test_an_unknown_preset_is_one_line(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("train.parquet", "val.parquet", "run")]
    code, output = run("train", "--data", files[0], "--val", files[1], "--out", files[2], "--preset", "huge")
    assert code == 1
    assert "no preset 'huge'" in output

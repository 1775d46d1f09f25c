"""`mememoji detector`."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.detection.download import YUNET


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
    assert "takes it" in rows["haar"]
    assert "takes it" not in rows["yunet"] + rows["whole"]


def test_the_list_after_a_download(downloaded: Path) -> None:
    _, output = run("list")
    rows = {line.split()[0]: line for line in output.splitlines()}
    assert "yes" in rows["yunet"]
    assert "takes it" in rows["yunet"]
    assert "takes it" not in rows["haar"]


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

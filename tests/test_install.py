"""The minimal install, proven: the wheel alone reads a picture, is small, and brings no deep-learning framework."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_MEGABYTES = 400


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh environment that holds the built wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("install")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", str(folder / "venv"))
    done = run(str(folder / "venv" / "bin" / "pip"), "install", "--quiet", str(wheel), check=False)
    if done.returncode and "No matching distribution" in done.stderr + done.stdout:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return folder / "venv"


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=600)


def test_it_reads_a_picture(installed: Path, astronaut_path: Path) -> None:
    done = run(str(installed / "bin" / "mememoji"), "predict", str(astronaut_path), "--json")
    (result,) = json.loads(done.stdout)
    (face,) = result["faces"]
    assert face["top"] == "happy"


def test_it_is_small_and_brings_no_framework(installed: Path) -> None:
    (packages,) = installed.glob("lib/python3.*/site-packages")
    assert not {"torch", "tensorflow", "pyarrow", "matplotlib"} & {path.name for path in packages.iterdir()}
    size = sum(path.stat().st_size for path in installed.rglob("*") if path.is_file() and not path.is_symlink())
    assert size <= MAX_MEGABYTES * 1e6


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_missing_extra_is_one_sentence_with_the_install_line(installed: Path, command: str, tmp_path: Path) -> None:
    given = {
        "train": ["--data", str(tmp_path), "--out", str(tmp_path / "run")],
        "evaluate": ["--data", str(tmp_path / "val.parquet"), "--out", str(tmp_path / "report")],
    }
    done = run(str(installed / "bin" / "mememoji"), command, *given[command], check=False)
    assert done.returncode != 0
    assert 'pip install "mememoji[train]"' in done.stderr
    assert "Traceback" not in done.stderr

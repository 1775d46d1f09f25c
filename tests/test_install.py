"""The installed wheel: it analyzes an image and is small; with its extra it serves the web app."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mememoji.classification.shipped_classifiers import list_classifiers

ROOT = Path(__file__).resolve().parents[1]
MAX_MEGABYTES = 365
"""Without compiled modules, which add 31 MB."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh environment with the built wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("install")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    done = install(folder / "venv", str(wheel), check=False)
    if done.returncode and "No matching distribution" in done.stderr + done.stdout:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return folder / "venv"


@pytest.fixture(scope="module")
def serving(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the service in a fresh environment with its extra."""
    (wheel,) = installed.parent.glob("*.whl")
    install(installed, f"{wheel}[serve]")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(installed / "bin" / "mememoji"), "serve", "--port", str(port), "--store", "none"]
    with subprocess.Popen(command, cwd=tmp_path_factory.mktemp("serving"), stderr=subprocess.DEVNULL) as server:
        for _ in range(600):
            assert server.poll() is None, "the service ended before it was up"
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def install(environment: Path, requirement: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    # Most modules are never imported here, so compiling all of them would be in vain.
    pip = (sys.executable, "-m", "pip", "--python", str(environment))
    return run(*pip, "install", "--quiet", "--no-compile", requirement, check=check)


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=600)


def test_installed_wheel_analyzes_an_image(installed: Path, astronaut_path: Path) -> None:
    done = run(str(installed / "bin" / "mememoji"), "predict", str(astronaut_path), "--json")
    (result,) = json.loads(done.stdout)
    (face,) = result["faces"]
    assert face["top"] == "happy"


def test_installed_wheel_has_every_classifier(installed: Path) -> None:
    done = run(str(installed / "bin" / "mememoji"), "model", "--list", "--json")
    assert list(json.loads(done.stdout)) == list(list_classifiers())


def test_install_is_small_and_without_a_framework(installed: Path) -> None:
    (packages,) = installed.glob("lib/python3.*/site-packages")
    assert not {"torch", "tensorflow", "pyarrow", "matplotlib"} & {path.name for path in packages.iterdir()}
    size = sum(path.stat().st_size for path in installed.rglob("*") if path.is_file() and not path.is_symlink())
    assert size <= MAX_MEGABYTES * 1e6


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_missing_extra_is_reported_with_the_install_command(installed: Path, command: str, tmp_path: Path) -> None:
    options = {
        "train": ["--data", str(tmp_path), "--out", str(tmp_path / "run")],
        "evaluate": ["--data", str(tmp_path / "val.parquet"), "--out", str(tmp_path / "report")],
    }
    done = run(str(installed / "bin" / "mememoji"), command, *options[command], check=False)
    assert done.returncode != 0
    assert 'pip install "mememoji[train]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_heic_without_its_extra_is_reported_with_the_install_command(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    (tmp_path / "b.heif").write_bytes(b"")
    done = run(str(installed / "bin" / "mememoji"), "predict", str(tmp_path), str(tmp_path / "a.heic"), check=False)
    advice = 'pip install "mememoji[heif]", or convert to JPEG'
    no_images, skipped, unreadable = done.stderr.splitlines()
    assert no_images == f"mememoji: {tmp_path}: no images to read in this folder"
    assert skipped == f"mememoji: 2 HEIC files skipped (1 .heic, 1 .heif); {advice}"
    assert unreadable.endswith(f"got HEIC; {advice}")
    assert done.returncode == 1


# This test is last, because it installs the extra into the environment.
def test_installed_wheel_serves_the_web_app(serving: str) -> None:
    if shutil.which("npm") is None and not os.environ.get("MEMEMOJI_TEST_ALL"):
        pytest.skip("no Node.js to build the web app with")
    with urllib.request.urlopen(f"{serving}/") as response:
        page = response.read().decode()
    assert "<title>Mememoji</title>" in page
    (script,) = re.findall(r'src="(/assets/[^"]+\.js)"', page)
    with urllib.request.urlopen(serving + script) as response:
        assert response.headers["Content-Type"].startswith("text/javascript")
        assert len(response.read()) > 10_000

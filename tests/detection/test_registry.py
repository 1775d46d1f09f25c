"""The registry of detectors, and how one is made by its name."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mememoji.detection.compact import CompactDetector
from mememoji.detection.download import YUNET
from mememoji.detection.registry import DETECTORS, get_detector_spec, make_detector, resolve_auto
from mememoji.errors import InputError, ModelError


@pytest.fixture
def weights(shared: Path) -> Path:
    path = shared / "models" / YUNET.file_name
    if not path.is_file():
        pytest.skip(f"no weights of YuNet at {path}")
    return path


def test_auto_selects_the_shipped_detector(home: Path) -> None:
    assert resolve_auto().name == "compact"
    assert make_detector().name == "compact"
    assert not home.exists()


def test_auto_after_a_download_still_selects_the_shipped_detector(home: Path, weights: Path) -> None:
    YUNET.path.parent.mkdir(parents=True)
    shutil.copyfile(weights, YUNET.path)
    assert get_detector_spec("yunet").is_available
    assert make_detector("auto").name == "compact"
    assert make_detector("yunet").name == "yunet"
    assert make_detector("haar").name == "haar"


def test_make_detector_with_damaged_weights_raises_model_error(home: Path) -> None:
    YUNET.path.parent.mkdir(parents=True)
    YUNET.path.write_bytes(b"half a file")
    assert not get_detector_spec("yunet").is_available
    with pytest.raises(ModelError, match="must have the sha256"):
        make_detector("yunet")


def test_make_detector_with_small_faces_needs_a_detector_that_supports_them() -> None:
    detector = make_detector(small_faces=True)
    assert isinstance(detector, CompactDetector)
    assert detector.small_faces
    with pytest.raises(InputError, match="'haar' does not support small faces; use 'compact'"):
        make_detector("haar", small_faces=True)


def test_make_detector_returns_the_detector_of_each_name(home: Path, weights: Path) -> None:
    for spec in DETECTORS:
        detector = make_detector(spec.name, weights if spec.download else None)
        assert detector.name == spec.name
        assert isinstance(detector.detect(np.zeros((60, 80, 3), np.uint8)), list)


def test_auto_never_selects_the_full_image() -> None:
    assert not get_detector_spec("full-image").in_auto


def test_make_detector_without_weights_names_the_download_command(home: Path) -> None:
    with pytest.raises(ModelError, match="mememoji detector download yunet"):
        make_detector("yunet")


@pytest.mark.parametrize(
    ("name", "with_weights", "message"),
    [
        ("", False, "detector must be one of 'auto', 'compact', 'yunet', 'haar', 'full-image', got ''"),
        ("Haar", False, "got 'Haar'"),
        ("haar", True, "'haar' does not accept a weights file"),
        ("auto", True, "needs the name of its detector"),
    ],
)
def test_make_detector_with_invalid_arguments_raises_input_error(
    name: str, with_weights: bool, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        make_detector(name, tmp_path / "net.onnx" if with_weights else None)

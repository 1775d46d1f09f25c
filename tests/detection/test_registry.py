"""Which detector is taken."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mememoji.detection.compact import CompactDetector
from mememoji.detection.download import YUNET
from mememoji.detection.registry import KINDS, chosen, kind_of, make_detector
from mememoji.errors import InputError, ModelError


@pytest.fixture
def weights(shared: Path) -> Path:
    path = shared / "models" / YUNET.file_name
    if not path.is_file():
        pytest.skip(f"no weights of YuNet at {path}")
    return path


def test_auto_is_our_own(home: Path) -> None:
    assert chosen().name == "compact"
    assert make_detector().name == "compact"
    assert not home.exists()


def test_a_download_does_not_change_what_auto_takes(home: Path, weights: Path) -> None:
    YUNET.path.parent.mkdir(parents=True)
    shutil.copyfile(weights, YUNET.path)
    assert kind_of("yunet").usable
    assert make_detector("auto").name == "compact"
    assert make_detector("yunet").name == "yunet"
    assert make_detector("haar").name == "haar"


def test_damaged_weights_are_not_taken(home: Path) -> None:
    YUNET.path.parent.mkdir(parents=True)
    YUNET.path.write_bytes(b"half a file")
    assert not kind_of("yunet").usable
    with pytest.raises(ModelError, match="is not the file it should be"):
        make_detector("yunet")


def test_small_faces_are_a_matter_of_some_detectors() -> None:
    detector = make_detector(small_faces=True)
    assert isinstance(detector, CompactDetector)
    assert detector.small_faces
    with pytest.raises(InputError, match="'haar' cannot be asked for small faces; 'compact' can"):
        make_detector("haar", small_faces=True)


def test_every_kind_makes_the_detector_of_its_name(home: Path, weights: Path) -> None:
    for kind in KINDS:
        detector = make_detector(kind.name, weights if kind.weights else None)
        assert detector.name == kind.name
        assert isinstance(detector.detect(np.zeros((60, 80, 3), np.uint8)), list)


def test_the_whole_picture_is_never_taken_by_itself() -> None:
    assert not kind_of("whole").in_auto


def test_yunet_without_weights_says_how_to_get_them(home: Path) -> None:
    with pytest.raises(ModelError, match="mememoji detector fetch yunet"):
        make_detector("yunet")


@pytest.mark.parametrize(
    ("name", "with_weights", "message"),
    [
        ("", False, "expected a detector of 'auto', 'compact', 'yunet', 'haar', 'whole'; got ''"),
        ("Haar", False, "got 'Haar'"),
        ("haar", True, "'haar' has no weights file"),
        ("auto", True, "needs its detector's name"),
    ],
)
def test_what_cannot_be_made_is_refused(name: str, with_weights: bool, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        make_detector(name, tmp_path / "net.onnx" if with_weights else None)

"""Training and export of a detector from Python."""

from pathlib import Path

import pytest

from mememoji.detection.compact import CompactDetector
from mememoji.errors import DatasetError, RunError
from mememoji.training.common.device import choose_device
from mememoji.training.detector.detector_config import PRESETS
from mememoji.training.detector.detector_pipeline import export_detector_run, train_detector
from tests.drawn_faces import draw_sample

CPU = choose_device("cpu", bfloat16=False)
CONFIG = PRESETS["debug"].with_changes(epochs=2, lr_decay_epochs=1, batch_size=4, image_sizes=(64,))
SAMPLES = [draw_sample(seed, faces=seed % 3) for seed in range(8)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run."""
    out = tmp_path_factory.mktemp("detector") / "run"
    train_detector(CONFIG, SAMPLES, SAMPLES[:3], out, name="tiny", device=CPU)
    return out


def test_train_detector_writes_a_run_folder_whose_weights_can_be_used(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {
        "history.csv",
        "history.png",
        "checkpoint.pt",
        "pre_decay.pt",
        "weights.onnx",
        "weights.card.json",
    }
    card = CompactDetector(run / "weights.onnx").card
    assert card.name.startswith("tiny-")
    assert card.trained_on.startswith("Images with boxes and landmarks by YuNet and by hand, 2 epochs;")


def test_train_detector_in_a_folder_with_a_training_needs_resume(run: Path) -> None:
    with pytest.raises(RunError, match="already has a training; use --resume"):
        train_detector(CONFIG, SAMPLES, SAMPLES[:3], run, device=CPU)
    lines: list[str] = []
    train_detector(CONFIG, SAMPLES, SAMPLES[:3], run, name="tiny", device=CPU, resume=True, log=lines.append)
    assert lines == ["tiny: 8 images, 2 epochs on cpu, float32"]


def test_train_detector_without_images_raises_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="needs images"):
        train_detector(CONFIG, [], SAMPLES[:3], tmp_path / "run", device=CPU)


def test_export_detector_run_writes_the_score_threshold_into_the_card(run: Path, tmp_path: Path) -> None:
    card = export_detector_run(run, SAMPLES, tmp_path / "new" / "net.onnx", name="tiny", score_threshold=0.3)
    assert card.score_threshold == 0.3
    assert CompactDetector(tmp_path / "new" / "net.onnx").card == card


def test_export_detector_run_without_a_checkpoint_raises_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no checkpoint"):
        export_detector_run(tmp_path, SAMPLES, tmp_path / "net.onnx")

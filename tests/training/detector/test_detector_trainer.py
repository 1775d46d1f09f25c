import csv
from pathlib import Path

import pytest
import torch

from mememoji.detection.compact import CompactDetector
from mememoji.errors import DatasetError, ModelError, RunError
from mememoji.image_io import read_image
from mememoji.training.common.checkpoint import CHECKPOINT_FILE, Checkpoint
from mememoji.training.common.device import choose_device
from mememoji.training.detector.detector_config import DetectorAugmentationConfig, DetectorTrainConfig
from mememoji.training.detector.detector_export import export_detector
from mememoji.training.detector.detector_network import DetectorModelConfig, DetectorNetwork
from mememoji.training.detector.detector_run import PRE_DECAY_FILE, read_detector_checkpoint
from mememoji.training.detector.detector_trainer import DetectorTrainer
from mememoji.training.detector.validator import read_padded_images
from tests.drawn_faces import draw_sample

CPU = choose_device("cpu", bfloat16=False)
SAMPLES = [draw_sample(number, faces=1 + number % 2) for number in range(8)]
VAL = [draw_sample(number) for number in range(30, 34)]
MODEL = DetectorModelConfig(8, (12, 16, 24, 24), (0, 1, 1, 1), 16)
AUGMENTATION = DetectorAugmentationConfig(
    mosaic_prob=0.2, min_scale=0.8, max_scale=1.2, rotation=0, low_light_prob=0, occlusion_prob=0, blur_prob=0
)
TINY = DetectorTrainConfig(
    MODEL,
    epochs=3,
    lr_decay_epochs=1,
    image_sizes=(64, 96),
    batch_size=4,
    warmup_epochs=0.5,
    ema_decay=0.8,
    augmentation=AUGMENTATION,
)


def make_trainer(config: DetectorTrainConfig, run: Path) -> DetectorTrainer:
    return DetectorTrainer(config, SAMPLES, VAL, run, CPU, quiet=True)


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return list(network.state_dict().values())


def test_train_on_drawn_faces_exports_a_detector_that_finds_them(tmp_path: Path) -> None:
    config = TINY.with_changes(epochs=10, lr_decay_epochs=4, lr=1e-2, batch_size=8)
    many = [draw_sample(number, faces=1 + number % 2) for number in range(100, 196)]
    trainer = DetectorTrainer(config, many, VAL, tmp_path / "run", CPU, quiet=True)
    network = trainer.train()
    assert trainer.history[-1].loss < 0.5 * trainer.history[0].loss
    assert (trainer.history[-1].val_ap or 0.0) > 0.8
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "history.csv",
        "history.png",
        CHECKPOINT_FILE,
        PRE_DECAY_FILE,
    }
    assert isinstance(network, DetectorNetwork)
    card = export_detector(
        network,
        tmp_path / "net.onnx",
        read_padded_images(VAL),
        name="tiny",
        score_threshold=0.3,
        trained_on="drawings",
        license="MIT",
    )
    detector = CompactDetector(tmp_path / "net.onnx")
    assert detector.card == card
    for sample in VAL:
        found = detector.detect(read_image(sample.image))
        left, top, right, bottom = sample.faces[0]
        center = found[0].box.x + found[0].box.width / 2, found[0].box.y + found[0].box.height / 2
        assert left < center[0] < right
        assert top < center[1] < bottom


def test_resume_gives_the_same_weights_as_an_uninterrupted_run(tmp_path: Path) -> None:
    uninterrupted = make_trainer(TINY, tmp_path / "uninterrupted")
    expected = uninterrupted.train()
    # Stopped before the rate falls: until then a longer trainer is the same.
    make_trainer(TINY.with_changes(epochs=2, lr_decay_epochs=0), tmp_path / "parts").train()
    resumed = make_trainer(TINY, tmp_path / "parts")
    resumed.resume()
    assert len(resumed.history) == 2
    found = resumed.train()
    assert all(torch.equal(a, b) for a, b in zip(weights(expected), weights(found), strict=True))
    assert [epoch.val_ap for epoch in resumed.history] == [epoch.val_ap for epoch in uninterrupted.history]
    # Once it fell, a longer one goes on from before it did.
    longer = make_trainer(TINY.with_changes(epochs=5, lr_decay_epochs=1), tmp_path / "parts")
    longer.resume()
    assert len(longer.history) == 2


def test_train_validates_every_val_interval_and_at_the_end(tmp_path: Path) -> None:
    config = TINY.with_changes(epochs=5, lr_decay_epochs=1)
    trainer = DetectorTrainer(config, SAMPLES, VAL, tmp_path, CPU, val_interval=2, quiet=True)
    trainer.train()
    assert [epoch.val_ap is not None for epoch in trainer.history] == [False, True, False, True, True]
    with (tmp_path / "history.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["val_recall"] == "" for row in rows] == [True, False, True, False, False]
    assert read_detector_checkpoint(tmp_path).history == trainer.history
    resumed = make_trainer(config, tmp_path)
    resumed.resume()
    assert resumed.history == trainer.history


def test_resume_after_a_kill_during_a_write_uses_the_last_checkpoint(tmp_path: Path) -> None:
    make_trainer(TINY.with_changes(epochs=1, lr_decay_epochs=0), tmp_path).train()
    for name in (CHECKPOINT_FILE, "history.csv"):
        # What a kill leaves of `atomic_write`.
        (tmp_path / f".{name}-killed").mkdir()
        (tmp_path / f".{name}-killed" / name).write_bytes(b"cut short")
    resumed = make_trainer(TINY, tmp_path)
    resumed.resume()
    resumed.train()
    files = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert files == {"history.csv", "history.png", CHECKPOINT_FILE, PRE_DECAY_FILE}
    assert len(resumed.history) == TINY.epochs


def test_train_with_fast_epochs_does_not_write_each_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[tuple[str, int]] = []
    monkeypatch.setattr(Checkpoint, "write", lambda self, path: writes.append((path.name, len(self.history))))
    make_trainer(TINY.with_changes(epochs=4, lr_decay_epochs=2), tmp_path).train()
    assert writes == [(CHECKPOINT_FILE, 1), (PRE_DECAY_FILE, 2), (CHECKPOINT_FILE, 4)]


def test_resume_with_another_config_or_data_raises_run_error(tmp_path: Path) -> None:
    short = TINY.with_changes(epochs=1)
    with pytest.raises(RunError, match="no checkpoint"):
        make_trainer(short, tmp_path).resume()
    make_trainer(short, tmp_path).train()
    with pytest.raises(RunError, match="was started with another configuration: seed 0, got 1"):
        make_trainer(short.with_changes(seed=1), tmp_path).resume()
    with pytest.raises(RunError, match="was started with other images"):
        DetectorTrainer(short, SAMPLES[:4], VAL, tmp_path, CPU, quiet=True).resume()
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="must be a checkpoint of this version"):
        read_detector_checkpoint(tmp_path)


def test_trainer_leaves_out_hard_negatives(tmp_path: Path) -> None:
    import dataclasses

    animals = [dataclasses.replace(draw_sample(n), source="dogcat", id=f"dogcat:cat.{n}") for n in range(12)]
    num_train = sum(not animal.is_hard_negative for animal in animals)
    trainer = DetectorTrainer(TINY.with_changes(batch_size=2), animals, VAL, tmp_path, CPU, quiet=True)
    assert 0 < num_train < 12
    assert trainer.dataset.steps_per_epoch == num_train // 2


def test_trainer_without_images_raises_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="needs images"):
        DetectorTrainer(TINY, [], VAL, tmp_path, CPU, quiet=True)


def test_export_without_images_raises_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="got none"):
        export_detector(
            DetectorNetwork(MODEL),
            tmp_path / "net.onnx",
            read_padded_images(VAL)[:0],
            name="tiny",
            score_threshold=0.3,
            trained_on="",
            license="MIT",
        )

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from mememoji.datasets.face_sets.face_set import FaceSet
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError, ModelError, RunError
from mememoji.training.classifier.batch_sampler import MixedFaceSet
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_run import ClassifierCheckpoint, read_classifier_checkpoint
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.checkpoint import CHECKPOINT_FILE
from mememoji.training.common.device import choose_device
from mememoji.training.common.metrics_log import HISTORY_CSV, HISTORY_PNG

CPU = choose_device("cpu", bfloat16=False)


def make_trainer(config: ClassifierTrainConfig, train: Split, val: Split, run: Path) -> ClassifierTrainer:
    return ClassifierTrainer(config, train, val, run, CPU, quiet=True)


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return list(network.state_dict().values())


def test_train_reaches_a_high_val_accuracy_and_writes_the_run(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    training = make_trainer(tiny_config.with_changes(epochs=8), train_split, val_split, tmp_path / "run")
    training.train()
    assert max(epoch.val_accuracy for epoch in training.history) > 0.9
    assert training.history[-1].train_loss < training.history[0].train_loss
    assert {path.name for path in (tmp_path / "run").iterdir()} == {HISTORY_CSV, HISTORY_PNG, CHECKPOINT_FILE}
    with (tmp_path / "run" / HISTORY_CSV).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 9)]
    assert float(rows[-1]["val_accuracy"]) == pytest.approx(training.history[-1].val_accuracy, rel=1e-4)


def test_train_with_the_same_seed_gives_the_same_weights(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    short = tiny_config.with_changes(epochs=1)
    first, same, other = (
        make_trainer(short.with_changes(seed=seed), train_split, val_split, tmp_path / str(run)).train()
        for run, seed in enumerate((5, 5, 6))
    )
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(same), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights(first), weights(other), strict=True))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_resume_gives_the_weights_of_an_uninterrupted_training(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path, optimizer: str
) -> None:
    config = tiny_config.with_changes(optimizer=optimizer, lr=0.01, epochs=3)
    whole = make_trainer(config, train_split, val_split, tmp_path / "whole")
    expected = whole.train()

    class StoppedError(Exception):
        pass

    class StopsAfterOneEpoch(ClassifierTrainer):
        def _save(self, checkpoint: ClassifierCheckpoint) -> None:
            super()._save(checkpoint)
            raise StoppedError

    with pytest.raises(StoppedError):
        StopsAfterOneEpoch(config, train_split, val_split, tmp_path / "parts", CPU, quiet=True).train()
    resumed = make_trainer(config, train_split, val_split, tmp_path / "parts")
    resumed.resume()
    assert len(resumed.history) == 1
    found = resumed.train()
    assert all(torch.equal(a, b) for a, b in zip(weights(expected), weights(found), strict=True))
    assert [e.val_loss for e in resumed.history] == [e.val_loss for e in whole.history]


def test_resume_of_a_finished_training_returns_its_best_weights(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    expected = make_trainer(tiny_config, train_split, val_split, tmp_path).train()
    assert read_classifier_checkpoint(tmp_path).is_finished
    again = make_trainer(tiny_config, train_split, val_split, tmp_path)
    again.resume()
    assert len(again.history) == tiny_config.epochs
    assert all(torch.equal(a, b) for a, b in zip(weights(expected), weights(again.train()), strict=True))


def test_train_with_initial_weights_starts_from_them(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    learned = make_trainer(tiny_config.with_changes(epochs=6), train_split, val_split, tmp_path / "first").train()
    slow = tiny_config.with_changes(epochs=1, lr=1e-6)
    fresh, tuned = (
        ClassifierTrainer(slow, train_split, val_split, tmp_path / name, CPU, initial_weights=initial, quiet=True)
        for name, initial in (("fresh", None), ("tuned", learned.state_dict()))
    )
    fresh.train()
    tuned.train()
    assert tuned.history[0].val_accuracy > 0.7 > fresh.history[0].val_accuracy


def striped_faces(split: Split) -> FaceSet:
    """The images of a split, in context, as a face set."""
    images = np.pad(split.images, ((0, 0), (8, 8), (8, 8)), mode="symmetric")
    names = tuple(map(str, split.rows))
    trust = np.ones(len(split), np.float32)
    return FaceSet(images, split.labels, trust, ("drawn",) * len(split), names)


def test_train_with_a_face_set_learns_its_faces(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    """One class is missing in the split and present in the face set only."""
    known = train_split.take(train_split.labels != 6)
    face_sets = [MixedFaceSet(striped_faces(train_split), 0.3)]
    training = ClassifierTrainer(
        tiny_config.with_changes(epochs=8), known, val_split, tmp_path, CPU, face_sets=face_sets, quiet=True
    )
    network = training.train()
    with torch.no_grad():
        predicted = network(to_input(torch.tensor(val_split.images)))["labels"].argmax(dim=1).numpy()
    assert (predicted == val_split.labels)[val_split.labels == 6].mean() > 0.7
    assert training.history[-1].train_accuracy > 0.5


def test_train_with_a_face_set_keeps_the_last_weights_and_resumes_with_the_same_faces(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    short = tiny_config.with_changes(epochs=2)
    face_sets = [MixedFaceSet(striped_faces(val_split), 0.3)]
    training = ClassifierTrainer(
        short, train_split, val_split, tmp_path, CPU, face_sets=face_sets, remarks="; mixed", quiet=True
    )
    training.train()
    saved = read_classifier_checkpoint(tmp_path)
    assert saved.remarks == "; mixed"
    last = training.eval_model.state_dict()
    assert all(torch.equal(value, last[name]) for name, value in saved.best.items())
    with pytest.raises(RunError, match="other data"):
        make_trainer(short, train_split, val_split, tmp_path).resume()
    ClassifierTrainer(short, train_split, val_split, tmp_path, CPU, face_sets=face_sets, quiet=True).resume()


def test_train_with_sam_learns_and_gives_other_weights(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    plain = make_trainer(tiny_config.with_changes(epochs=6), train_split, val_split, tmp_path / "plain").train()
    sharp = make_trainer(tiny_config.with_changes(epochs=6, sam_rho=0.05), train_split, val_split, tmp_path / "sharp")
    found = sharp.train()
    assert max(epoch.val_accuracy for epoch in sharp.history) > 0.7
    assert not all(torch.equal(a, b) for a, b in zip(weights(plain), weights(found), strict=True))


def test_resume_rejects_another_configuration_or_other_data(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    short = tiny_config.with_changes(epochs=1)
    with pytest.raises(RunError, match="no checkpoint"):
        make_trainer(short, train_split, val_split, tmp_path).resume()
    make_trainer(short, train_split, val_split, tmp_path).train()
    with pytest.raises(RunError, match="another configuration: seed 0, got 1"):
        make_trainer(short.with_changes(seed=1), train_split, val_split, tmp_path).resume()
    with pytest.raises(RunError, match="other data"):
        make_trainer(short, train_split.take(slice(0, 140)), val_split, tmp_path).resume()
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="must be a checkpoint of this version"):
        read_classifier_checkpoint(tmp_path)


def test_train_stops_early_when_val_no_longer_improves(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    # A tiny learning rate cannot improve on the first epoch.
    stuck = tiny_config.with_changes(epochs=8, lr=1e-12, early_stopping_patience=2)
    training = make_trainer(stuck, train_split, val_split, tmp_path)
    training.train()
    assert len(training.history) < 8


def test_trainer_rejects_an_empty_split(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="must have images"):
        make_trainer(tiny_config, train_split.take(slice(0, 0)), val_split, tmp_path)


def test_train_raises_when_the_loss_is_not_finite(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="NaN or infinite"):
        make_trainer(tiny_config.with_changes(lr=1e12), train_split, val_split, tmp_path).train()


def test_train_in_bfloat16_reduces_the_loss(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    device = choose_device("cpu", bfloat16=True)
    training = ClassifierTrainer(tiny_config, train_split, val_split, tmp_path, device, quiet=True)
    network = training.train()
    assert training.history[-1].train_loss < training.history[0].train_loss
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}

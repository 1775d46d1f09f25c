from pathlib import Path

import numpy as np
import pytest
import torch

from mememoji.datasets.face_sets.face_set import FaceSet
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError, ModelError, RunError
from mememoji.training.classifier.batch_sampler import MixedSet
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.classifier_trainer import Fitting
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.checkpoint import FILE, Checkpoint, read_checkpoint
from mememoji.training.common.device import choose_device
from mememoji.training.common.metrics_log import read_history

CPU = choose_device("cpu", bfloat16=False)


def fitting(recipe: Recipe, train: Split, val: Split, run: Path) -> Fitting:
    return Fitting(recipe, train, val, run, CPU, quiet=True)


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return list(network.state_dict().values())


def test_it_learns_what_can_be_seen(tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path) -> None:
    training = fitting(tiny_recipe.with_changes(epochs=8), train_split, val_split, tmp_path / "run")
    training.fit()
    assert max(epoch.val_accuracy for epoch in training.history) > 0.9
    assert training.history[-1].train_loss < training.history[0].train_loss
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"history.csv", "history.png", FILE}
    rows = read_history(tmp_path / "run" / "history.csv")
    assert [row.epoch for row in rows] == list(range(1, 9))


def test_a_seed_reproduces_a_run(tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path) -> None:
    short = tiny_recipe.with_changes(epochs=1)
    first, again, other = (
        fitting(short.with_changes(seed=seed), train_split, val_split, tmp_path / str(run)).fit()
        for run, seed in enumerate((5, 5, 6))
    )
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(again), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights(first), weights(other), strict=True))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_resuming_gives_what_an_uninterrupted_run_gives(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path, optimizer: str
) -> None:
    recipe = tiny_recipe.with_changes(optimizer=optimizer, rate=0.01, epochs=3)
    whole = fitting(recipe, train_split, val_split, tmp_path / "whole")
    expected = whole.fit()

    class StoppedError(Exception):
        pass

    class StopsAfterOne(Fitting):
        def _save(self, checkpoint: Checkpoint) -> None:
            super()._save(checkpoint)
            raise StoppedError

    with pytest.raises(StoppedError):
        StopsAfterOne(recipe, train_split, val_split, tmp_path / "parts", CPU, quiet=True).fit()
    resumed = fitting(recipe, train_split, val_split, tmp_path / "parts")
    resumed.resume()
    assert len(resumed.history) == 1
    found = resumed.fit()
    assert all(torch.equal(a, b) for a, b in zip(weights(expected), weights(found), strict=True))
    assert [e.val_loss for e in resumed.history] == [e.val_loss for e in whole.history]


def test_a_finished_run_keeps_its_best_weights_alone_and_gives_them_again(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    expected = fitting(tiny_recipe, train_split, val_split, tmp_path).fit()
    assert read_checkpoint(tmp_path).is_finished
    again = fitting(tiny_recipe, train_split, val_split, tmp_path)
    again.resume()
    assert len(again.history) == tiny_recipe.epochs
    assert all(torch.equal(a, b) for a, b in zip(weights(expected), weights(again.fit()), strict=True))


def test_a_training_starts_from_given_weights(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    learned = fitting(tiny_recipe.with_changes(epochs=6), train_split, val_split, tmp_path / "first").fit()
    slow = tiny_recipe.with_changes(epochs=1, rate=1e-6)
    fresh, tuned = (
        Fitting(slow, train_split, val_split, tmp_path / name, CPU, initial=initial, quiet=True)
        for name, initial in (("fresh", None), ("tuned", learned.state_dict()))
    )
    fresh.fit()
    tuned.fit()
    assert tuned.history[0].val_accuracy > 0.7 > fresh.history[0].val_accuracy


def striped_faces(split: Split) -> FaceSet:
    """The images of a split, in context, as a face set."""
    images = np.pad(split.images, ((0, 0), (8, 8), (8, 8)), mode="symmetric")
    names = tuple(map(str, split.rows))
    trust = np.ones(len(split), np.float32)
    return FaceSet(images, split.labels, trust, ("drawn",) * len(split), names)


def test_a_mixed_face_set_is_learned_beside_the_split(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    """The split lacks a class, which the face set alone shows."""
    known = train_split.take(train_split.labels != 6)
    mixed = [MixedSet(striped_faces(train_split), 0.3)]
    training = Fitting(tiny_recipe.with_changes(epochs=8), known, val_split, tmp_path, CPU, mixed=mixed, quiet=True)
    network = training.fit()
    with torch.no_grad():
        answers = network(as_input(torch.tensor(val_split.images)))["labels"].argmax(dim=1).numpy()
    assert (answers == val_split.labels)[val_split.labels == 6].mean() > 0.7
    assert training.history[-1].train_accuracy > 0.5


def test_a_run_with_mixed_faces_ends_with_its_last_weights_and_resumes_with_the_same_faces(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    short = tiny_recipe.with_changes(epochs=2)
    mixed = [MixedSet(striped_faces(val_split), 0.3)]
    training = Fitting(short, train_split, val_split, tmp_path, CPU, mixed=mixed, remarks="; mixed", quiet=True)
    training.fit()
    saved = read_checkpoint(tmp_path)
    assert saved.remarks == "; mixed"
    last = training.evaluated.state_dict()
    assert all(torch.equal(value, last[name]) for name, value in saved.best.items())
    with pytest.raises(RunError, match="other data"):
        fitting(short, train_split, val_split, tmp_path).resume()
    Fitting(short, train_split, val_split, tmp_path, CPU, mixed=mixed, quiet=True).resume()


def test_sharpness_learns_too_and_gives_other_weights(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    plain = fitting(tiny_recipe.with_changes(epochs=6), train_split, val_split, tmp_path / "plain").fit()
    sharp = fitting(tiny_recipe.with_changes(epochs=6, sharpness=0.05), train_split, val_split, tmp_path / "sharp")
    found = sharp.fit()
    assert max(epoch.val_accuracy for epoch in sharp.history) > 0.7
    assert not all(torch.equal(a, b) for a, b in zip(weights(plain), weights(found), strict=True))


def test_resuming_refuses_what_is_not_its_own(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    short = tiny_recipe.with_changes(epochs=1)
    with pytest.raises(RunError, match="no checkpoint"):
        fitting(short, train_split, val_split, tmp_path).resume()
    fitting(short, train_split, val_split, tmp_path).fit()
    with pytest.raises(RunError, match="another recipe"):
        fitting(short.with_changes(seed=1), train_split, val_split, tmp_path).resume()
    with pytest.raises(RunError, match="other data"):
        fitting(short, train_split.take(slice(0, 140)), val_split, tmp_path).resume()
    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="no checkpoint of this version"):
        read_checkpoint(tmp_path)


def test_it_stops_where_val_no_longer_improves(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    # A rate of next to nothing cannot improve on its first epoch.
    stuck = tiny_recipe.with_changes(epochs=8, rate=1e-12, patience=2)
    training = fitting(stuck, train_split, val_split, tmp_path)
    training.fit()
    assert len(training.history) < 8


def test_no_pictures_is_a_data_error(tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no images"):
        fitting(tiny_recipe, train_split.take(slice(0, 0)), val_split, tmp_path)


def test_a_split_without_votes_trains_the_labels_alone(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    bare = Split(train_split.rows, train_split.images, train_split.labels, None)
    training = fitting(tiny_recipe.with_changes(epochs=1), bare, val_split, tmp_path)
    before = training.network.state_dict()["votes.weight"].clone()
    training.fit()
    # Only weight decay touches the votes head.
    torch.testing.assert_close(training.network.state_dict()["votes.weight"], before, atol=1e-3, rtol=1e-2)


def test_a_loss_that_is_no_number_ends_the_run(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="no longer a number"):
        fitting(tiny_recipe.with_changes(rate=1e12), train_split, val_split, tmp_path).fit()


def test_bfloat16_learns_too(tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path) -> None:
    device = choose_device("cpu", bfloat16=True)
    training = Fitting(tiny_recipe, train_split, val_split, tmp_path, device, quiet=True)
    network = training.fit()
    assert training.history[-1].train_loss < training.history[0].train_loss
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}

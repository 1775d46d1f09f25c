"""Teachers, and a student that learns from them."""

from pathlib import Path

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.errors import ModelError, RunError
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.classifier_export import export
from mememoji.training.classifier.classifier_trainer import Fitting
from mememoji.training.classifier.networks import build, parameter_count
from mememoji.training.classifier.teachers import TEACHERS, FileTeacher, RunTeacher, open_teachers, soft_targets
from mememoji.training.classifier.train_step import taught_loss
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)


class Sure:
    """A teacher that gives every image the same logits."""

    def __init__(self, logits: list[float]) -> None:
        self.logits = torch.tensor(logits)

    def __call__(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"labels": self.logits.expand(len(pictures), -1)}


@pytest.fixture(scope="module")
def teacher_run(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    run = tmp_path_factory.mktemp("teacher")
    network = Fitting(tiny_recipe.with_changes(epochs=6), train_split, val_split, run, CPU, quiet=True).fit()
    export(
        network, run / "weights.onnx", val_split.images, name="t", kind="compact", trained_on="", license="", half=False
    )
    return run


def test_teachers_are_varied_and_over_two_million() -> None:
    shapes = [recipe.shape for recipe in TEACHERS.values()]
    assert 6 <= len(set(shapes)) == len(shapes) <= 10
    assert len({recipe.seed for recipe in TEACHERS.values()}) == len(shapes)
    assert all(parameter_count(build(shape)) > 2_000_000 for shape in shapes)


def test_a_run_and_its_file_teach_the_same(teacher_run: Path, val_split: Split) -> None:
    by_torch, by_file = open_teachers([teacher_run, teacher_run / "weights.onnx"], CPU)
    assert isinstance(by_torch, RunTeacher)
    assert isinstance(by_file, FileTeacher)
    pictures = torch.tensor(val_split.images[:9])[:, None].float()
    for head, logits in by_torch(pictures).items():
        torch.testing.assert_close(by_file(pictures)[head], logits, atol=1e-3, rtol=1e-3)


def test_soft_targets_are_the_teachers_mean() -> None:
    pictures = torch.zeros(2, 1, 48, 48)
    left, right = Sure([4.0, 0, 0, 0, 0, 0, 0]), Sure([0, 4.0, 0, 0, 0, 0, 0])
    (only,) = soft_targets([left, right], pictures, 2.0).values()
    torch.testing.assert_close(only.sum(dim=1), torch.ones(2))
    assert only[0, 0] == only[0, 1] > only[0, 2]
    assert soft_targets([left], pictures, 4.0)["labels"][0, 0] < soft_targets([left], pictures, 1.0)["labels"][0, 0]


def test_agreeing_with_the_teacher_costs_least(tiny_recipe: Recipe) -> None:
    logits = {"labels": torch.tensor([[2.0, 0, 0, 0, 0, 0, -1.0]], requires_grad=True)}
    taught = {"labels": torch.softmax(logits["labels"].detach() / tiny_recipe.temperature, 1)}
    taught_loss(logits, taught, tiny_recipe).backward()  # type: ignore[no-untyped-call]
    assert logits["labels"].grad is not None
    torch.testing.assert_close(logits["labels"].grad, torch.zeros(1, 7), atol=1e-6, rtol=0)


def test_a_student_learns_what_only_its_teacher_knows(
    tiny_recipe: Recipe, teacher_run: Path, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    """The student's own labels are all wrong in the same way; with the teacher's part at 1 it learns the right ones."""
    wrong = Split(train_split.rows, train_split.images, (train_split.labels + 1) % 7, None)
    recipe = tiny_recipe.with_changes(epochs=8, teaching=1.0)
    teachers = open_teachers([teacher_run], CPU)
    student = Fitting(recipe, wrong, val_split, tmp_path, CPU, teachers=teachers, quiet=True)
    student.fit()
    assert max(epoch.val_accuracy for epoch in student.history) > 0.7


def test_resuming_with_teachers_gives_what_an_uninterrupted_run_gives(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: object) -> None:
        raise StoppedError

    recipe = tiny_recipe.with_changes(epochs=2)
    teachers = [Sure([1.0, 0, 0, 0, 0, 0, 0])]
    whole = Fitting(recipe, train_split, val_split, tmp_path / "whole", CPU, teachers=teachers, quiet=True).fit()
    parts = {"teachers": teachers, "quiet": True}
    with pytest.raises(StoppedError):
        Fitting(recipe, train_split, val_split, tmp_path / "parts", CPU, after_epoch=stop, **parts).fit()  # type: ignore[arg-type]
    resumed = Fitting(recipe, train_split, val_split, tmp_path / "parts", CPU, **parts)  # type: ignore[arg-type]
    resumed.resume()
    found = resumed.fit().state_dict()
    assert all(torch.equal(value, found[name]) for name, value in whole.state_dict().items())


def test_what_is_no_teacher_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no checkpoint"):
        open_teachers([tmp_path], CPU)
    with pytest.raises(ModelError, match="no model card"):
        open_teachers([tmp_path / "weights.onnx"], CPU)

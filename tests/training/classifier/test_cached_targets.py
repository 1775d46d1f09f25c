"""Lessons that teachers gave ahead of a training."""

from pathlib import Path

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.cached_targets import Lessons
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.classifier_trainer import Fitting
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)


class Brightness:
    """A teacher that says how bright an image is, and counts the images it was asked about."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        self.asked += len(pictures)
        logits = torch.zeros(len(pictures), 7)
        logits[:, 0] = pictures.mean(dim=(1, 2, 3)) / 50
        return {"labels": logits}


@pytest.fixture
def pictures(train_split: Split) -> torch.Tensor:
    return torch.tensor(train_split.images)


def test_teachers_judge_the_very_pictures_of_the_lesson(tiny_recipe: Recipe, pictures: torch.Tensor) -> None:
    teacher = Brightness()
    lesson = Lessons([teacher], pictures, tiny_recipe.with_changes(lessons=2)).of(0)
    assert (lesson.pictures.shape, lesson.pictures.dtype) == (pictures.shape, torch.uint8)
    assert not torch.equal(lesson.pictures, pictures)
    answers = torch.softmax(teacher(lesson.pictures[:, None].float())["labels"] / tiny_recipe.temperature, dim=1)
    torch.testing.assert_close(lesson.taught["labels"], answers)


def test_each_lesson_is_given_once_and_comes_round_mirrored(tiny_recipe: Recipe, pictures: torch.Tensor) -> None:
    teacher = Brightness()
    lessons = Lessons([teacher], pictures, tiny_recipe.with_changes(lessons=2))
    first, second, again = lessons.of(0), lessons.of(1), lessons.of(2)
    assert again is first
    assert not torch.equal(first.pictures, second.pictures)
    assert teacher.asked == 2 * len(pictures)
    assert [lessons.mirrored(epoch) for epoch in range(6)] == [False, False, True, True, False, False]


def test_a_seed_gives_the_same_lesson(tiny_recipe: Recipe, pictures: torch.Tensor) -> None:
    recipe = tiny_recipe.with_changes(lessons=2)
    one, same = (Lessons([Brightness()], pictures, recipe).of(1) for _ in range(2))
    other = Lessons([Brightness()], pictures, recipe.with_changes(seed=9)).of(1)
    assert torch.equal(one.pictures, same.pictures)
    assert not torch.equal(one.pictures, other.pictures)


def test_a_student_learns_from_lessons(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    """What the teacher says is all that the student is told: its own labels weigh nothing."""
    wrong = Split(train_split.rows, train_split.images, (train_split.labels + 1) % 7, None)
    teacher = Fitting(tiny_recipe.with_changes(epochs=6), train_split, val_split, tmp_path / "t", CPU, quiet=True).fit()

    def answers(pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        from mememoji.training.classifier.tensor_split import as_input

        out: dict[str, torch.Tensor] = teacher(as_input(pictures))
        return out

    recipe = tiny_recipe.with_changes(epochs=8, teaching=1.0, lessons=3)
    student = Fitting(recipe, wrong, val_split, tmp_path / "s", CPU, teachers=[answers], quiet=True)
    student.fit()
    assert max(epoch.val_accuracy for epoch in student.history) > 0.7

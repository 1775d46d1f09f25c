"""Views whose teacher outputs are cached."""

from pathlib import Path

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.cached_targets import CachedViews
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)


class BrightnessTeacher:
    """A teacher whose output is the brightness, and that counts the images it was given."""

    def __init__(self) -> None:
        self.num_images = 0

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        self.num_images += len(images)
        logits = torch.zeros(len(images), 7)
        logits[:, 0] = images.mean(dim=(1, 2, 3)) / 50
        return {"labels": logits}


@pytest.fixture
def images(train_split: Split) -> torch.Tensor:
    return torch.tensor(train_split.images)


def test_view_has_the_teacher_outputs_for_its_own_images(
    tiny_config: ClassifierTrainConfig, images: torch.Tensor
) -> None:
    teacher = BrightnessTeacher()
    view = CachedViews([teacher], images, tiny_config.with_changes(num_cached_views=2)).view(0)
    assert (view.images.shape, view.images.dtype) == (images.shape, torch.uint8)
    assert not torch.equal(view.images, images)
    logits = teacher(view.images[:, None].float())["labels"]
    expected = torch.softmax(logits / tiny_config.distillation_temperature, dim=1)
    torch.testing.assert_close(view.teacher_probs["labels"], expected)


def test_view_is_computed_once_and_reused_mirrored(tiny_config: ClassifierTrainConfig, images: torch.Tensor) -> None:
    teacher = BrightnessTeacher()
    views = CachedViews([teacher], images, tiny_config.with_changes(num_cached_views=2))
    first, second, again = views.view(0), views.view(1), views.view(2)
    assert again is first
    assert not torch.equal(first.images, second.images)
    assert teacher.num_images == 2 * len(images)
    assert [views.is_hflipped(epoch) for epoch in range(6)] == [False, False, True, True, False, False]


def test_view_with_the_same_seed_is_the_same(tiny_config: ClassifierTrainConfig, images: torch.Tensor) -> None:
    config = tiny_config.with_changes(num_cached_views=2)
    first, same = (CachedViews([BrightnessTeacher()], images, config).view(1) for _ in range(2))
    other = CachedViews([BrightnessTeacher()], images, config.with_changes(seed=9)).view(1)
    assert torch.equal(first.images, same.images)
    assert not torch.equal(first.images, other.images)


def test_student_trained_on_cached_views_learns_from_the_teacher(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    """The student's own labels are wrong and weigh nothing: all that it learns comes from the teacher."""
    wrong = Split(train_split.rows, train_split.images, (train_split.labels + 1) % 7, None)
    teacher_config = tiny_config.with_changes(epochs=6)
    network = ClassifierTrainer(teacher_config, train_split, val_split, tmp_path / "t", CPU, quiet=True).train()

    def teacher(images: torch.Tensor) -> dict[str, torch.Tensor]:
        out: dict[str, torch.Tensor] = network(to_input(images))
        return out

    config = tiny_config.with_changes(epochs=8, distillation_weight=1.0, num_cached_views=3)
    student = ClassifierTrainer(config, wrong, val_split, tmp_path / "s", CPU, teachers=[teacher], quiet=True)
    student.train()
    assert max(metrics.val_accuracy for metrics in student.history) > 0.7

"""Teachers, and a student distilled from them."""

from pathlib import Path

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.errors import ModelError, RunError
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_export import export_classifier
from mememoji.training.classifier.classifier_presets import TEACHER_PRESETS
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.teachers import OnnxTeacher, RunTeacher, compute_soft_targets, load_teachers
from mememoji.training.classifier.train_step import distillation_loss
from mememoji.training.common.device import choose_device
from mememoji.training.common.model_size import count_parameters

CPU = choose_device("cpu", bfloat16=False)


class ConstantTeacher:
    """A teacher that gives every image the same logits."""

    def __init__(self, logits: list[float]) -> None:
        self.logits = torch.tensor(logits)

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"labels": self.logits.expand(len(images), -1)}


@pytest.fixture(scope="module")
def teacher_run(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    run = tmp_path_factory.mktemp("teacher")
    network = ClassifierTrainer(
        tiny_config.with_changes(epochs=6), train_split, val_split, run, CPU, quiet=True
    ).train()
    export_classifier(
        network,
        run / "weights.onnx",
        val_split.images,
        name="t",
        architecture="compact",
        trained_on="",
        license="",
        fp16=False,
    )
    return run


def test_teacher_presets_are_varied_and_large() -> None:
    models = [config.model for config in TEACHER_PRESETS.values()]
    assert 6 <= len(set(models)) == len(models) <= 10
    assert len({config.seed for config in TEACHER_PRESETS.values()}) == len(models)
    assert all(count_parameters(build_model(model)) > 2_000_000 for model in models)


def test_run_and_onnx_teachers_have_the_same_outputs(teacher_run: Path, val_split: Split) -> None:
    by_torch, by_file = load_teachers([teacher_run, teacher_run / "weights.onnx"], CPU)
    assert isinstance(by_torch, RunTeacher)
    assert isinstance(by_file, OnnxTeacher)
    images = torch.tensor(val_split.images[:9])[:, None].float()
    for head, logits in by_torch(images).items():
        torch.testing.assert_close(by_file(images)[head], logits, atol=1e-3, rtol=1e-3)


def test_soft_targets_are_the_mean_of_the_teachers() -> None:
    images = torch.zeros(2, 1, 48, 48)
    left, right = ConstantTeacher([4.0, 0, 0, 0, 0, 0, 0]), ConstantTeacher([0, 4.0, 0, 0, 0, 0, 0])
    (only,) = compute_soft_targets([left, right], images, 2.0).values()
    torch.testing.assert_close(only.sum(dim=1), torch.ones(2))
    assert only[0, 0] == only[0, 1] > only[0, 2]
    assert (
        compute_soft_targets([left], images, 4.0)["labels"][0, 0]
        < compute_soft_targets([left], images, 1.0)["labels"][0, 0]
    )


def test_distillation_loss_is_lowest_at_the_teachers_output(tiny_config: ClassifierTrainConfig) -> None:
    logits = {"labels": torch.tensor([[2.0, 0, 0, 0, 0, 0, -1.0]], requires_grad=True)}
    teacher_probs = {"labels": torch.softmax(logits["labels"].detach() / tiny_config.distillation_temperature, 1)}
    distillation_loss(logits, teacher_probs, tiny_config).backward()  # type: ignore[no-untyped-call]
    assert logits["labels"].grad is not None
    torch.testing.assert_close(logits["labels"].grad, torch.zeros(1, 7), atol=1e-6, rtol=0)


def test_student_learns_what_only_its_teacher_knows(
    tiny_config: ClassifierTrainConfig, teacher_run: Path, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    """The student's own labels are all wrong and weigh nothing; it learns the right ones."""
    wrong = Split(train_split.rows, train_split.images, (train_split.labels + 1) % 7, None)
    config = tiny_config.with_changes(epochs=8, distillation_weight=1.0)
    teachers = load_teachers([teacher_run], CPU)
    student = ClassifierTrainer(config, wrong, val_split, tmp_path, CPU, teachers=teachers, quiet=True)
    student.train()
    assert max(epoch.val_accuracy for epoch in student.history) > 0.7


def test_resume_with_teachers_gives_the_weights_of_an_uninterrupted_training(
    tiny_config: ClassifierTrainConfig, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: object) -> None:
        raise StoppedError

    config = tiny_config.with_changes(epochs=2)
    teachers = [ConstantTeacher([1.0, 0, 0, 0, 0, 0, 0])]
    whole = ClassifierTrainer(
        config, train_split, val_split, tmp_path / "whole", CPU, teachers=teachers, quiet=True
    ).train()
    parts = {"teachers": teachers, "quiet": True}
    with pytest.raises(StoppedError):
        ClassifierTrainer(config, train_split, val_split, tmp_path / "parts", CPU, on_epoch_end=stop, **parts).train()  # type: ignore[arg-type]
    resumed = ClassifierTrainer(config, train_split, val_split, tmp_path / "parts", CPU, **parts)  # type: ignore[arg-type]
    resumed.resume()
    found = resumed.train().state_dict()
    assert all(torch.equal(value, found[name]) for name, value in whole.state_dict().items())


def test_load_teachers_rejects_what_is_not_a_teacher(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no checkpoint"):
        load_teachers([tmp_path], CPU)
    with pytest.raises(ModelError, match="no model card"):
        load_teachers([tmp_path / "weights.onnx"], CPU)

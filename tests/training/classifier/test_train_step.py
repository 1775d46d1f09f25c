"""Training step: loss and gradients of a batch."""

import dataclasses

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.classifier_config import AugmentationConfig, ClassifierTrainConfig
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.tensor_split import TensorSplit, to_input
from mememoji.training.classifier.train_step import Batch, TrainStep, classification_loss
from mememoji.training.common.device import choose_device
from mememoji.training.common.optimizer import SAM

CPU = choose_device("cpu", bfloat16=False)
STILL = AugmentationConfig(shift=0.0, rotation=0.0, scale=0.0, brightness_contrast=0.0, random_erasing_prob=0.0)


@pytest.fixture
def network(tiny_config: ClassifierTrainConfig) -> torch.nn.Module:
    torch.manual_seed(3)
    return build_model(tiny_config.model)


def batch(split: Split, *, is_cached: bool = False, is_hflipped: bool = False) -> Batch:
    data = TensorSplit.from_split(split, CPU.torch_device, distillation_weight=0.7)
    teacher_probs = {"labels": torch.full((14, 7), 1 / 7)} if is_cached else {}
    hflip_mask = torch.full((14,), is_hflipped)
    targets = data.get_targets(torch.arange(14), soft_labels=False)
    return Batch(data.images[:14], hflip_mask, data.labels[:14], targets, data.distillation_weights[:14], teacher_probs)


def make_step(network: torch.nn.Module, config: ClassifierTrainConfig, sam: SAM | None = None) -> TrainStep:
    return TrainStep(network, config, CPU, torch.Generator().manual_seed(0), (), sam)


def test_train_step_returns_loss_and_correct_labels_and_sets_gradients(
    network: torch.nn.Module, tiny_config: ClassifierTrainConfig, train_split: Split
) -> None:
    loss, num_correct = make_step(network, tiny_config)(batch(train_split))
    assert 1.0 < float(loss) < 10.0
    assert 0 <= int(num_correct) <= 14
    assert not loss.requires_grad
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_train_step_only_mirrors_cached_images(
    network: torch.nn.Module, tiny_config: ClassifierTrainConfig, train_split: Split
) -> None:
    seen = []

    def forward(images: torch.Tensor) -> dict[str, torch.Tensor]:
        seen.append(images)
        out: dict[str, torch.Tensor] = network(images)
        return out

    for seed in (0, 1):
        step = TrainStep(forward, tiny_config, CPU, torch.Generator().manual_seed(seed))
        for is_cached, is_hflipped in ((False, False), (True, False), (True, True)):
            step(batch(train_split, is_cached=is_cached, is_hflipped=is_hflipped))
    assert not torch.equal(seen[0], seen[3])
    assert torch.equal(seen[1], seen[4])
    torch.testing.assert_close(seen[2], seen[1].flip(3))


def test_train_step_runs_teachers_on_images_before_corruption(
    network: torch.nn.Module, tiny_config: ClassifierTrainConfig, train_split: Split
) -> None:
    inputs: dict[str, torch.Tensor] = {}

    def teacher(images: torch.Tensor) -> dict[str, torch.Tensor]:
        inputs["teacher"] = to_input(images)
        return {"labels": torch.zeros(len(images), 7)}

    def forward(images: torch.Tensor) -> dict[str, torch.Tensor]:
        inputs["student"] = images
        out: dict[str, torch.Tensor] = network(images)
        return out

    for prob in (0.0, 0.9):
        augmentation = dataclasses.replace(STILL, corruption_prob=prob)
        config = tiny_config.with_changes(augmentation=augmentation)
        TrainStep(forward, config, CPU, torch.Generator().manual_seed(0), (teacher,))(batch(train_split))
        assert torch.equal(inputs["student"], inputs["teacher"]) == (prob == 0.0)
    torch.testing.assert_close(
        inputs["teacher"], to_input(batch(train_split).images[:, None].float()), atol=1e-3, rtol=0
    )


def test_train_step_with_sam_has_other_gradients_and_keeps_the_weights(
    network: torch.nn.Module, tiny_config: ClassifierTrainConfig, train_split: Split
) -> None:
    make_step(network, tiny_config)(batch(train_split))
    plain = [p.grad.clone() for p in network.parameters() if p.grad is not None]
    before = [p.detach().clone() for p in network.parameters()]
    network.zero_grad(set_to_none=True)
    make_step(network, tiny_config, sam=SAM(network, 0.5))(batch(train_split))
    perturbed = [p.grad for p in network.parameters() if p.grad is not None]
    assert not all(torch.allclose(a, b) for a, b in zip(plain, perturbed, strict=True))
    for now, then in zip(network.parameters(), before, strict=True):
        torch.testing.assert_close(now, then, atol=1e-6, rtol=1e-4)


def test_classification_loss_ignores_a_head_without_targets() -> None:
    logits = {"labels": torch.zeros(2, 7), "votes": torch.ones(2, 10)}
    targets = {"labels": torch.full((2, 7), 1 / 7)}
    assert float(classification_loss(logits, targets, votes_weight=1.0)) == pytest.approx(1.9459, abs=1e-3)
    both = targets | {"votes": torch.full((2, 10), 0.1)}
    assert float(classification_loss(logits, both, votes_weight=0.5)) == pytest.approx(1.9459 + 0.5 * 2.3026, abs=1e-3)

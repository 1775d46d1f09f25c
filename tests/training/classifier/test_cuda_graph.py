"""A captured step gives the results of the step itself."""

import copy

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.cuda_graph import CudaGraphStep
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.tensor_split import TensorSplit
from mememoji.training.classifier.train_step import Batch, TrainStep
from mememoji.training.common.device import choose_device

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_cuda_graph_step_has_the_loss_and_gradients_of_the_step(
    tiny_config: ClassifierTrainConfig, train_split: Split
) -> None:
    device = choose_device("cuda", bfloat16=False)
    data = TensorSplit.from_split(train_split, device.torch_device, tiny_config)
    network = build_model(tiny_config.model).to(device.torch_device)
    twin = copy.deepcopy(network)
    steps = []
    for each in (network, twin):
        generator = torch.Generator(device.torch_device)
        steps.append(TrainStep(each, tiny_config, device, generator))
    captured = CudaGraphStep(steps[0], network)
    for number in range(6):
        indices = torch.arange(14, device=device.torch_device) + 14 * number
        batch = Batch(
            data.images[indices],
            indices % 2 == 1,
            data.labels[indices],
            data.get_targets(indices, soft_labels=False),
            data.distillation_weights[indices],
            {},
        )
        for step in steps:
            step.generator.manual_seed(number)
        torch.manual_seed(number)
        loss, num_correct = (value.clone() for value in captured(batch))
        twin.zero_grad(set_to_none=True)
        torch.manual_seed(number)
        expected, expected_correct = steps[1](batch)
        torch.testing.assert_close(loss, expected, atol=1e-3, rtol=1e-3)
        assert num_correct == expected_correct
        for mine, theirs in zip(network.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-3, rtol=1e-2)

"""The non-face output, fitted after training."""

import copy

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from mememoji.datasets.negatives import LabeledCrops
from mememoji.datasets.splits import Split
from mememoji.errors import RunError
from mememoji.training.classifier.classifier_config import AugmentationConfig, ClassifierTrainConfig
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.networks.plain_network import BASELINE
from mememoji.training.classifier.non_face_output import fit_non_face_output
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)
STILL = AugmentationConfig(
    hflip=False, shift=0.0, rotation=0.0, scale=0.0, brightness_contrast=0.0, random_erasing_prob=0.0
)


@pytest.fixture
def network(tiny_config: ClassifierTrainConfig) -> nn.Module:
    torch.manual_seed(1)
    return build_model(tiny_config.model).eval()


@pytest.fixture
def noise() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (140, 48, 48), np.uint8)


def predict(network: nn.Module, images: npt.NDArray[np.uint8]) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return {head: torch.softmax(rows, 1) for head, rows in network(to_input(torch.tensor(images))).items()}


def crops_of(split: Split, noise: npt.NDArray[np.uint8]) -> LabeledCrops:
    images = np.concatenate([split.images, noise])
    return LabeledCrops(images, np.arange(len(images)) < len(split))


def test_fit_non_face_output_separates_unseen_noise_from_faces(
    network: nn.Module, train_split: Split, val_split: Split, noise: npt.NDArray[np.uint8]
) -> None:
    fit_non_face_output(network, train_split, crops_of(train_split, noise[:70]), CPU, augmentation=STILL)
    faces, others = (predict(network, images)["votes"][:, 9] for images in (val_split.images, noise[70:]))
    assert others.mean() > 0.5 > 0.1 > faces.mean()


def test_fit_non_face_output_changes_nothing_else(
    network: nn.Module, train_split: Split, val_split: Split, noise: npt.NDArray[np.uint8]
) -> None:
    before = copy.deepcopy(network)
    fit_non_face_output(network, train_split, crops_of(train_split, noise), CPU, augmentation=STILL)
    then, now = (predict(each, val_split.images) for each in (before, network))
    assert torch.equal(then["labels"], now["labels"])
    for name, value in before.state_dict().items():
        kept = slice(0, 9) if name.startswith("votes.") else ...
        assert torch.equal(value[kept], network.state_dict()[name][kept])
    fractions = [rows["votes"][:, :9] / rows["votes"][:, :9].sum(dim=1, keepdim=True) for rows in (then, now)]
    torch.testing.assert_close(fractions[0], fractions[1])
    assert not torch.equal(then["votes"], now["votes"])


def test_fit_non_face_output_without_a_votes_head_is_rejected(train_split: Split, noise: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(RunError, match="with a votes head"):
        fit_non_face_output(build_model(BASELINE), train_split, crops_of(train_split, noise), CPU, augmentation=STILL)

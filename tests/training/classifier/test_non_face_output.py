"""What is no face, learned by a trained network."""

import copy

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from mememoji.datasets.negatives import Crops
from mememoji.datasets.splits import Split
from mememoji.errors import RunError
from mememoji.training.classifier.classifier_config import Augmentation, Recipe
from mememoji.training.classifier.networks import build
from mememoji.training.classifier.networks.plain_network import BASELINE
from mememoji.training.classifier.non_face_output import learn_rejection
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)
STILL = Augmentation(mirror=False, shift=0.0, rotation=0.0, scale=0.0, light=0.0, erasing=0.0)


@pytest.fixture
def network(tiny_recipe: Recipe) -> nn.Module:
    torch.manual_seed(1)
    return build(tiny_recipe.shape).eval()


@pytest.fixture
def noise() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (140, 48, 48), np.uint8)


def answers(network: nn.Module, images: npt.NDArray[np.uint8]) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return {head: torch.softmax(rows, 1) for head, rows in network(as_input(torch.tensor(images))).items()}


def crops_of(split: Split, noise: npt.NDArray[np.uint8]) -> Crops:
    images = np.concatenate([split.images, noise])
    return Crops(images, np.arange(len(images)) < len(split))


def test_crops_that_were_never_seen_are_told_from_faces(
    network: nn.Module, train_split: Split, val_split: Split, noise: npt.NDArray[np.uint8]
) -> None:
    learn_rejection(network, train_split, crops_of(train_split, noise[:70]), CPU, settings=STILL)
    faces, others = (answers(network, images)["votes"][:, 9] for images in (val_split.images, noise[70:]))
    assert others.mean() > 0.5 > 0.1 > faces.mean()


def test_all_else_stays_as_it_was(
    network: nn.Module, train_split: Split, val_split: Split, noise: npt.NDArray[np.uint8]
) -> None:
    before = copy.deepcopy(network)
    learn_rejection(network, train_split, crops_of(train_split, noise), CPU, settings=STILL)
    then, now = (answers(each, val_split.images) for each in (before, network))
    assert torch.equal(then["labels"], now["labels"])
    for name, value in before.state_dict().items():
        kept = slice(0, 9) if name.startswith("votes.") else ...
        assert torch.equal(value[kept], network.state_dict()[name][kept])
    shares = [rows["votes"][:, :9] / rows["votes"][:, :9].sum(dim=1, keepdim=True) for rows in (then, now)]
    torch.testing.assert_close(shares[0], shares[1])
    assert not torch.equal(then["votes"], now["votes"])


def test_a_network_without_votes_cannot_learn_it(train_split: Split, noise: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(RunError, match="no votes head"):
        learn_rejection(build(BASELINE), train_split, crops_of(train_split, noise), CPU, settings=STILL)

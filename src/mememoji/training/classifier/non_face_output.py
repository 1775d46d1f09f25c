"""Rejection: a trained network learns what is no face, and nothing else of it changes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mememoji.datasets.negatives import Crops
from mememoji.datasets.splits import Split
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import RunError
from mememoji.training.classifier.augmentation import augment
from mememoji.training.classifier.classifier_config import Augmentation
from mememoji.training.classifier.targets import vote_distributions
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.device import Device

EXPECTED: Final = 0.01
"""Of all crops that a network is shown, the part that is no face. A calibrated one then takes about as small a part of
faces for none; with more, it would catch more and lose more."""

_NO_FACE: Final = FERPLUS_VOTES.index("NF")
_BATCH: Final = 512
_PENALTY: Final = 1e-5


@dataclass(frozen=True, slots=True)
class _Group:
    """Crops as the votes head gets them: (N, C) features, (N, 10) logits and targets, and the weight of each crop."""

    features: Tensor
    logits: Tensor
    targets: Tensor
    weight: float


def learn_rejection(
    network: nn.Module, faces: Split, crops: Crops, device: Device, *, settings: Augmentation, seed: int = 0
) -> None:
    """Fit the votes head's "NF" output, and leave all else of the network as it is.

    FER2013 has next to no images without a face, so a network that learned from it takes background for a face. What
    its last features tell apart is enough: a logistic regression on them, of one output in ten, whose other nine are
    kept. Train's faces are to be what FER+'s annotators said of them, faces of images what the network says of
    them already, and the crops of no face "NF". Both kinds of faces weigh the same, and all faces together
    1 - `EXPECTED`.

    Args:
        network: with a head `votes`, on the device; changed in place, and left in evaluation mode.
        faces: train.
        crops: of images.
        device: where to compute.
        settings: how train's faces are changed, once each.
        seed: of these changes.

    Raises:
        RunError: the network has no votes head.
    """
    head = getattr(network, "votes", None)
    if not isinstance(head, nn.Linear):
        raise RunError("this network has no votes head, so it cannot learn what is no face")
    network.eval()
    chance = torch.Generator(device.where).manual_seed(seed)
    train = _features(network, head, faces.images, device, (settings, chance))
    shown, others = (
        _features(network, head, crops.images[which], device) for which in (crops.are_faces, ~crops.are_faces)
    )
    with torch.no_grad():
        logits = [nn.functional.linear(f, head.weight, head.bias) for f in (train, shown, others)]
    answers = [torch.softmax(rows, dim=1) for rows in logits]
    told = answers[0]
    if faces.votes is not None:
        votes = torch.tensor(faces.votes, device=device.where)
        told = torch.where(votes.sum(dim=1, keepdim=True) > 0, vote_distributions(votes), told)
    none = torch.zeros_like(answers[2])
    none[:, _NO_FACE] = 1.0
    each = (1 - EXPECTED) / 2
    groups = [
        _Group(train, logits[0], told, each / len(train)),
        _Group(shown, logits[1], answers[1], each / len(shown)),
        _Group(others, logits[2], none, EXPECTED / len(others)),
    ]
    direction, shift = _fitted(groups)
    with torch.no_grad():
        head.weight[_NO_FACE] += direction
        head.bias[_NO_FACE] += shift


@torch.no_grad()
def _features(
    network: nn.Module,
    head: nn.Linear,
    images: npt.NDArray[np.uint8],
    device: Device,
    changes: tuple[Augmentation, torch.Generator] | None = None,
) -> Tensor:
    """(N, 48, 48) crops to the (N, C) float32 features that the votes head reads, changed before if so wished."""
    parts: list[Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: parts.append(inputs[0].float()))
    try:
        for part in torch.split(torch.tensor(images, device=device.where), _BATCH):
            pictures = part[:, None].float()
            if changes is not None:
                settings, chance = changes
                mirrored = torch.rand(len(pictures), generator=chance, device=device.where) < 0.5
                pictures = augment(pictures, mirrored & settings.mirror, settings, chance)
            with device.precision():
                network(as_input(pictures).contiguous(memory_format=device.memory))
    finally:
        hook.remove()
    return torch.cat(parts)


def _fitted(groups: list[_Group]) -> tuple[Tensor, Tensor]:
    """What to add to the output's weights, (C,), and to its bias."""
    everything = torch.cat([group.features for group in groups])
    mean, spread = everything.mean(dim=0), everything.std(dim=0) + 1e-3
    direction = torch.zeros_like(mean, requires_grad=True)
    shift = torch.zeros((), device=mean.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([direction, shift], max_iter=150, line_search_fn="strong_wolfe")
    rows = [((group.features - mean) / spread, group) for group in groups]

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _PENALTY * direction.square().sum()
        for features, group in rows:
            own = group.logits[:, _NO_FACE] + features @ direction + shift
            logits = torch.cat([group.logits[:, :_NO_FACE], own[:, None]], dim=1)  # (N, 10): "NF" comes last
            loss = loss + group.weight * nn.functional.cross_entropy(logits, group.targets, reduction="sum")
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    added = direction.detach() / spread
    return added, shift.detach() - added @ mean

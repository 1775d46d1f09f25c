"""Non-face output: the votes head's "NF" output, fitted after training; nothing else of the network changes."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from mememoji.datasets.negatives import LabeledCrops
from mememoji.datasets.splits import Split
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import RunError
from mememoji.training.classifier.augmentation import augment
from mememoji.training.classifier.classifier_config import AugmentationConfig
from mememoji.training.classifier.targets import compute_vote_distributions
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.device import Device
from mememoji.types import UInt8Array

NON_FACE_PRIOR: Final = 0.01
"""Assumed fraction of non-faces among all crops that a network is given. A calibrated network then falsely rejects
about as small a fraction of faces; a larger prior would reject more non-faces and more faces."""

_NF: Final = FERPLUS_VOTES.index("NF")
_BATCH_SIZE: Final = 512
_L2_PENALTY: Final = 1e-5


@dataclass(frozen=True, slots=True)
class _FeatureGroup:
    """Crops as the votes head sees them: (N, C) features, (N, 10) logits and targets, and each crop's weight."""

    features: Tensor
    logits: Tensor
    targets: Tensor
    weight: float


def fit_non_face_output(
    model: nn.Module,
    train: Split,
    negatives: LabeledCrops,
    device: Device,
    *,
    augmentation: AugmentationConfig,
    seed: int = 0,
) -> None:
    """Fit the votes head's "NF" output to crops without a face.

    FER2013 has next to no images without a face, so a network that was trained on it mistakes background for faces. Its
    last features are enough to tell them apart: a logistic regression on them fits one output of ten and keeps the
    other nine. The targets of train's faces are FER+'s votes, those of faces in `negatives` the network's own output,
    and those of non-faces "NF". Both kinds of faces weigh the same, and all faces together 1 - `NON_FACE_PRIOR`.

    Args:
        model: A network with a votes head; changed in place, and left in evaluation mode on the device.
        train: The train split.
        negatives: Crops of images, faces and non-faces.
        device: Device and precision.
        augmentation: Augmentation of train's faces, once each.
        seed: Seed of the augmentation.

    Raises:
        RunError: The network has no votes head.
    """
    head = getattr(model, "votes", None)
    if not isinstance(head, nn.Linear):
        raise RunError("fitting the non-face output needs a network with a votes head, got one without")
    model.to(device.torch_device).eval()
    generator = torch.Generator(device.torch_device).manual_seed(seed)
    train_features = _compute_features(model, head, train.images, device, (augmentation, generator))
    face_features, non_face_features = (
        _compute_features(model, head, negatives.images[mask], device)
        for mask in (negatives.is_face, ~negatives.is_face)
    )
    features = (train_features, face_features, non_face_features)
    with torch.no_grad():
        logits = [nn.functional.linear(group, head.weight, head.bias) for group in features]
    train_targets, face_targets, non_face_targets = (torch.softmax(group, dim=1) for group in logits)
    if train.votes is not None:
        votes = torch.tensor(train.votes, device=device.torch_device)
        has_votes = votes.sum(dim=1, keepdim=True) > 0
        train_targets = torch.where(has_votes, compute_vote_distributions(votes), train_targets)
    non_face_targets = torch.zeros_like(non_face_targets)
    non_face_targets[:, _NF] = 1.0
    face_weight = (1 - NON_FACE_PRIOR) / 2
    weight_change, bias_change = _fit_logistic_regression(
        [
            _FeatureGroup(train_features, logits[0], train_targets, face_weight / len(train_features)),
            _FeatureGroup(face_features, logits[1], face_targets, face_weight / len(face_features)),
            _FeatureGroup(non_face_features, logits[2], non_face_targets, NON_FACE_PRIOR / len(non_face_features)),
        ]
    )
    with torch.no_grad():
        head.weight[_NF] += weight_change
        head.bias[_NF] += bias_change


@torch.no_grad()
def _compute_features(
    model: nn.Module,
    head: nn.Linear,
    images: UInt8Array,
    device: Device,
    augmentation: tuple[AugmentationConfig, torch.Generator] | None = None,
) -> Tensor:
    """Return the (N, C) float32 inputs of the votes head for (N, 48, 48) crops, which may be augmented first."""
    chunks: list[Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: chunks.append(inputs[0].float()))
    try:
        for chunk in torch.split(torch.tensor(images, device=device.torch_device), _BATCH_SIZE):
            batch = chunk[:, None].float()
            if augmentation is not None:
                config, generator = augmentation
                hflip_mask = torch.rand(len(batch), generator=generator, device=device.torch_device) < 0.5
                batch = augment(batch, hflip_mask & config.hflip, config, generator)
            with device.autocast():
                model(to_input(batch).contiguous(memory_format=device.memory_format))
    finally:
        hook.remove()
    return torch.cat(chunks)


def _fit_logistic_regression(groups: list[_FeatureGroup]) -> tuple[Tensor, Tensor]:
    """Return what to add to the "NF" output's weights, (C,), and to its bias."""
    features = torch.cat([group.features for group in groups])
    mean, std = features.mean(dim=0), features.std(dim=0) + 1e-3
    weight = torch.zeros_like(mean, requires_grad=True)
    bias = torch.zeros((), device=mean.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=150, line_search_fn="strong_wolfe")
    standardized = [((group.features - mean) / std, group) for group in groups]

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _L2_PENALTY * weight.square().sum()
        for inputs, group in standardized:
            nf_logits = group.logits[:, _NF] + inputs @ weight + bias
            logits = torch.cat([group.logits[:, :_NF], nf_logits[:, None]], dim=1)  # (N, 10): "NF" is the last class
            loss = loss + group.weight * nn.functional.cross_entropy(logits, group.targets, reduction="sum")
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    weight_change = weight.detach() / std
    return weight_change, bias.detach() - weight_change @ mean

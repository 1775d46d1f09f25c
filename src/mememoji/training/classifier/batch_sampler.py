"""Which images each step of an epoch is given, where several sets have a share of each batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mememoji.datasets.face_sets.face_set import FaceSet


@dataclass(frozen=True, slots=True)
class MixedSet:
    """A face set and its share of each batch.

    Attributes:
        faces: the set.
        share: fraction of a batch, in (0, 1).

    Raises:
        ValueError: the share is out of range.
    """

    faces: FaceSet
    share: float

    def __post_init__(self) -> None:
        if not 0.0 < self.share < 1.0:
            raise ValueError(f"the share of a face set must be in (0, 1), got {self.share}")


class BatchSampler:
    """Draws the batches of an epoch: the first set is gone through once, the others fill their share of each batch.

    Images of the other sets are drawn with replacement, by their weights.

    Args:
        count: number of images in the first set; the others' follow in the order of `weights`.
        batch: images a step.
        shares: fraction of each batch for each of the other sets.
        weights: for each of the other sets (M,) float32, not negative, how often an image is drawn.

    Raises:
        ValueError: nothing of a batch is left for the first set, or a set gets none of it.
    """

    def __init__(self, count: int, batch: int, shares: Sequence[float], weights: Sequence[Tensor]) -> None:
        drawn = [round(batch * share) for share in shares]
        own = batch - sum(drawn)
        if own < 1 or any(number < 1 for number in drawn):
            raise ValueError(f"each set must get an image or more of a batch of {batch}, got shares of {list(shares)}")
        self._count, self._own, self._drawn, self._weights = count, min(own, count), drawn, list(weights)
        self.steps = max(count // own, 1)

    @property
    def batch(self) -> int:
        """Images in each batch."""
        return self._own + sum(self._drawn)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Draw an epoch: (steps, B) int64, indices into all sets one behind the other."""
        device = generator.device
        order = torch.randperm(self._count, generator=generator, device=device)
        parts = [order[: self.steps * self._own].view(self.steps, self._own)]
        start = self._count
        for number, weights in zip(self._drawn, self._weights, strict=True):
            drawn = torch.multinomial(weights, self.steps * number, replacement=True, generator=generator)
            parts.append(start + drawn.view(self.steps, number))
            start += len(weights)
        return torch.cat(parts, dim=1)


def drawing_weights(faces: FaceSet, device: torch.device, *, rare_power: float, unlabeled: float) -> Tensor:
    """Weigh the faces of a set for drawing.

    A label is drawn the oftener the rarer it is, and the oftener the more it is trusted.

    Args:
        faces: the set.
        device: where the weights are to be.
        rare_power: 0 draws labels as often as they occur, 1 all equally often.
        unlabeled: fraction of draws that are faces without a label, where the set holds faces of both kinds.

    Returns:
        (N,) float32.
    """
    labels = torch.tensor(faces.labels, dtype=torch.int64, device=device)
    trust = torch.tensor(faces.trust, device=device)
    labeled = labels >= 0
    if not labeled.any():
        return torch.ones(len(faces), device=device)
    counts = torch.bincount(labels[labeled]).float()
    own = trust.sqrt() * counts[labels.clamp(min=0)].clamp(min=1.0).pow(-rare_power) * labeled
    others = (~labeled).float()
    own = own / own.sum().clamp(min=1e-12)
    return (1 - unlabeled) * own + unlabeled * others / others.sum().clamp(min=1.0)

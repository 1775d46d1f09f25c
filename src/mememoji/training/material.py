"""The material of a training: a split's pictures and targets as tensors on the device."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from mememoji.classification.preprocessing import normalise
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError
from mememoji.training.recipe import Recipe
from mememoji.training.targets import label_targets, vote_distributions


@dataclass(frozen=True, slots=True)
class Material:
    """One split, whole, on one device.

    Attributes:
        pictures: (N, 48, 48) uint8.
        labels: (N,) int64.
        targets: by head, (N, C) float32 distributions.
        soft_labels: (N, 7) float32, the labels' targets with what the votes say of them; None where they are not
            softened.
    """

    pictures: Tensor
    labels: Tensor
    targets: dict[str, Tensor]
    soft_labels: Tensor | None = None

    @classmethod
    def of(cls, split: Split, device: torch.device, recipe: Recipe | None = None) -> Self:
        """From a split; a recipe smooths and softens the labels' targets, which only train gets.

        Raises:
            DatasetError: the split is empty.
        """
        if not len(split):
            raise DatasetError("the split holds no pictures")
        pictures = torch.tensor(split.images, device=device)
        labels = torch.tensor(split.labels, dtype=torch.int64, device=device)
        votes = None if split.votes is None else torch.tensor(split.votes, device=device)
        smoothing = 0.0 if recipe is None else recipe.smoothing
        targets = {"labels": label_targets(labels, None, smoothing=smoothing, softening=0.0)}
        soft_labels = None
        if votes is not None:
            targets["votes"] = vote_distributions(votes)
            if recipe is not None and recipe.softening > 0.0:
                soft_labels = label_targets(labels, votes, smoothing=smoothing, softening=recipe.softening)
        return cls(pictures, labels, targets, soft_labels)

    def batch(self, which: Tensor, *, softened: bool) -> dict[str, Tensor]:
        """The targets of some pictures, by head."""
        targets = {head: values[which] for head, values in self.targets.items()}
        if softened and self.soft_labels is not None:
            targets["labels"] = self.soft_labels[which]
        return targets

    def __len__(self) -> int:
        return len(self.pictures)


def as_input(pictures: Tensor) -> Tensor:
    """(N, 48, 48) or (N, 1, 48, 48) grey levels in 0..255 to the network's (N, 1, 48, 48) float32."""
    levels = pictures.float()
    if levels.ndim == 3:
        levels = levels[:, None]  # (N, 1, 48, 48)
    out: Tensor = normalise(levels)
    return out

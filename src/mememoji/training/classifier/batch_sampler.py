"""Batch sampler: the images of each step, if face sets fill a fraction of each batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from mememoji.datasets.face_sets.face_set import FaceSet, read_face_set
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig


@dataclass(frozen=True, slots=True)
class MixedFaceSet:
    """A face set and the fraction of each batch that it fills.

    Attributes:
        faces: The set.
        batch_fraction: Fraction of each batch, in (0, 1).
        name: Name of the set in the model card: its file's.

    Raises:
        ValueError: The fraction is out of range.
    """

    faces: FaceSet
    batch_fraction: float
    name: str = "face set"

    def __post_init__(self) -> None:
        if not 0.0 < self.batch_fraction < 1.0:
            raise ValueError(f"the fraction of a face set must be in (0, 1), got {self.batch_fraction}")

    @classmethod
    def from_file(cls, path: Path, batch_fraction: float) -> Self:
        """Read a face set that `mememoji data faces` wrote.

        Raises:
            DatasetError: The file does not exist or is not a face set.
            ValueError: The fraction is out of range.
        """
        return cls(read_face_set(path), batch_fraction, path.name)

    @property
    def description(self) -> str:
        """The description of the set in the model card."""
        sources, num_labeled = len(set(self.faces.sources)), int(self.faces.is_labeled.sum())
        return (
            f"{len(self.faces):,} faces from {sources} other sources, {num_labeled:,} of them labeled ({self.name}), "
            f"{self.batch_fraction:.0%} of each batch"
        )


class BatchSampler:
    """Sampler of an epoch's batches: one pass through the main set, while other sets fill a fraction of each batch.

    Images of the other sets are sampled with replacement, by their weights.

    Args:
        num_images: Number of images in the main set; the indices of the other sets follow.
        batch_size: Images per step.
        fractions: Fraction of each batch for each of the other sets.
        weights: (M,) float32 sampling weights for each of the other sets, not negative.

    Raises:
        ValueError: A set would get less than one image of a batch.
    """

    def __init__(self, num_images: int, batch_size: int, fractions: Sequence[float], weights: Sequence[Tensor]) -> None:
        sampled = [round(batch_size * fraction) for fraction in fractions]
        main = batch_size - sum(sampled)
        if main < 1 or any(count < 1 for count in sampled):
            raise ValueError(
                f"each set must get at least one image of a batch of {batch_size}, got fractions {list(fractions)}"
            )
        self._num_images, self._main, self._sampled = num_images, min(main, num_images), sampled
        self._weights = list(weights)
        self.num_steps = max(num_images // main, 1)

    @classmethod
    def from_face_sets(
        cls,
        num_images: int,
        face_sets: Sequence[MixedFaceSet],
        config: ClassifierTrainConfig,
        device: torch.device,
        *,
        has_teachers: bool,
    ) -> Self:
        """Make the sampler of a training; without teachers, unlabeled faces are not sampled."""
        unlabeled_fraction = config.unlabeled_fraction if has_teachers else 0.0
        weights = [
            compute_sampling_weights(
                mixed.faces,
                device,
                rare_label_power=config.rare_label_power,
                unlabeled_fraction=unlabeled_fraction,
            )
            for mixed in face_sets
        ]
        return cls(num_images, config.batch_size, [mixed.batch_fraction for mixed in face_sets], weights)

    @property
    def batch_size(self) -> int:
        """Number of images in each batch."""
        return self._main + sum(self._sampled)

    def sample_epoch(self, generator: torch.Generator) -> Tensor:
        """Return the batches of an epoch: (num_steps, B) int64 indices into the concatenated sets."""
        device = generator.device
        order = torch.randperm(self._num_images, generator=generator, device=device)
        # An incomplete last batch is dropped: a batch of one image would break batch norm.
        chunks = [order[: self.num_steps * self._main].view(self.num_steps, self._main)]
        start = self._num_images
        for count, weights in zip(self._sampled, self._weights, strict=True):
            indices = torch.multinomial(weights, self.num_steps * count, replacement=True, generator=generator)
            chunks.append(start + indices.view(self.num_steps, count))
            start += len(weights)
        return torch.cat(chunks, dim=1)


def compute_sampling_weights(
    faces: FaceSet, device: torch.device, *, rare_label_power: float, unlabeled_fraction: float
) -> Tensor:
    """Return sampling weights of a face set: rare labels and trusted labels are sampled more often.

    Args:
        faces: The set.
        device: The device for the weights.
        rare_label_power: 0 samples labels as often as they occur, 1 all equally often.
        unlabeled_fraction: Fraction of the samples without a label, if the set has faces with and without.

    Returns:
        (N,) float32.
    """
    labels = torch.tensor(faces.labels, dtype=torch.int64, device=device)
    trust = torch.tensor(faces.trust, device=device)
    labeled = labels >= 0
    if not labeled.any():
        return torch.ones(len(faces), device=device)
    counts = torch.bincount(labels[labeled]).float()
    rarity = counts[labels.clamp(min=0)].clamp(min=1.0).pow(-rare_label_power)
    labeled_weights = trust.sqrt() * rarity * labeled
    unlabeled_weights = (~labeled).float()
    labeled_weights = labeled_weights / labeled_weights.sum().clamp(min=1e-12)
    unlabeled_weights = unlabeled_fraction * unlabeled_weights / unlabeled_weights.sum().clamp(min=1.0)
    return (1 - unlabeled_fraction) * labeled_weights + unlabeled_weights

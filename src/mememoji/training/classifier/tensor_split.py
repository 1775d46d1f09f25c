"""Tensor split: images and targets of a training as tensors on its device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch
from torch import Tensor

from mememoji.classification.preprocess import CROP_SIZE, normalize
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, FACE_LABELS, FaceSet
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.targets import compute_vote_distributions, make_label_targets

UNKNOWN: Final = -1
"""The label of an image that has none of FER2013's seven."""

_VOTE_BY_FACE_LABEL: Final = (
    "anger",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
    "neutral",
    "contempt",
)
"""FER+'s name for each of `FACE_LABELS`."""

assert len(_VOTE_BY_FACE_LABEL) == len(FACE_LABELS)


@dataclass(frozen=True, slots=True)
class TensorSplit:
    """All images of a split with their targets, on one device.

    Attributes:
        images: (N, S, S) uint8; S is 48, or 64 if there is context around the crop.
        labels: (N,) int64; `UNKNOWN` for an image without a label.
        targets: By head, (N, C) float32: distributions times the weight of each image's target in the loss.
        distillation_weights: (N,) float32 in 0..1, the weight of the teachers' output for each image; 0 without
            teachers.
        soft_labels: (N, 7) float32, the labels' targets softened by the votes; None if they are not softened.
    """

    images: Tensor
    labels: Tensor
    targets: dict[str, Tensor]
    distillation_weights: Tensor
    soft_labels: Tensor | None = None

    @classmethod
    def from_split(
        cls,
        split: Split,
        device: torch.device,
        config: ClassifierTrainConfig | None = None,
        *,
        distillation_weight: float = 0.0,
    ) -> Self:
        """Convert a split.

        Without votes, the votes head's target is the label, as if all annotators agreed. An untrained votes head would
        answer at random, and the composition comes from it.

        Args:
            split: Labeled images.
            device: The device for the tensors.
            config: Label smoothing and soft labels, which only train gets; None keeps labels hard.
            distillation_weight: Weight of the teachers' outputs; the targets have the remaining weight.

        Raises:
            DatasetError: The split is empty.
        """
        if not len(split):
            raise DatasetError("the split must have images, got none")
        images = torch.tensor(split.images, device=device)
        labels = torch.tensor(split.labels, dtype=torch.int64, device=device)
        votes = None if split.votes is None else torch.tensor(split.votes, device=device)
        label_smoothing = 0.0 if config is None else config.label_smoothing
        weight = 1.0 - distillation_weight
        hard = make_label_targets(labels, None, label_smoothing=label_smoothing, soft_label_weight=0.0)
        targets = {"labels": weight * hard}
        soft_labels = None
        if votes is None:
            targets["votes"] = weight * _make_unanimous_votes(labels, torch.ones_like(labels, dtype=torch.bool))
        else:
            targets["votes"] = weight * compute_vote_distributions(votes)
            if config is not None and config.soft_label_weight > 0.0:
                soft_labels = weight * make_label_targets(
                    labels, votes, label_smoothing=label_smoothing, soft_label_weight=config.soft_label_weight
                )
        distillation_weights = torch.full((len(split),), distillation_weight, device=device)
        return cls(images, labels, targets, distillation_weights, soft_labels)

    @classmethod
    def from_face_set(cls, faces: FaceSet, device: torch.device, *, has_teachers: bool) -> Self:
        """Convert a face set: a label's weight is the trust in it, and the teachers' output has the remaining weight.

        The votes head's target is the label, as if all annotators agreed; votes for other emotions come from the
        teachers.

        Args:
            faces: The face set.
            device: The device for the tensors.
            has_teachers: Whether the training has teachers; without them unlabeled faces weigh nothing.

        Raises:
            DatasetError: The face set is empty.
        """
        if not len(faces):
            raise DatasetError("the face set must have faces, got none")
        labels = torch.tensor(faces.labels, dtype=torch.int64, device=device)
        trust = torch.tensor(faces.trust, device=device)
        is_labeled = labels != UNKNOWN
        is_fer2013 = is_labeled & (labels < len(FER2013_LABELS))
        targets = {
            "labels": _one_hot(labels, is_fer2013, len(FER2013_LABELS)) * trust[:, None],
            "votes": _make_unanimous_votes(labels, is_labeled) * trust[:, None],
        }
        fer2013_labels = torch.where(is_fer2013, labels, torch.full_like(labels, UNKNOWN))
        distillation_weights = 1.0 - trust if has_teachers else torch.zeros_like(trust)
        return cls(torch.tensor(faces.images, device=device), fer2013_labels, targets, distillation_weights)

    @classmethod
    def concatenate(cls, splits: "Sequence[TensorSplit]") -> "TensorSplit":
        """Concatenate splits; images without context get a mirrored border."""
        if len(splits) == 1:
            return splits[0]
        has_soft_labels = any(split.soft_labels is not None for split in splits)
        soft = [split.targets["labels"] if split.soft_labels is None else split.soft_labels for split in splits]
        return cls(
            torch.cat([_pad_context(split.images) for split in splits]),
            torch.cat([split.labels for split in splits]),
            {head: torch.cat([split.targets[head] for split in splits]) for head in splits[0].targets},
            torch.cat([split.distillation_weights for split in splits]),
            torch.cat(soft) if has_soft_labels else None,
        )

    def get_targets(self, indices: Tensor, *, soft_labels: bool) -> dict[str, Tensor]:
        """Return the targets of some images by head, with soft labels if wanted and available."""
        targets = {head: values[indices] for head, values in self.targets.items()}
        if soft_labels and self.soft_labels is not None:
            targets["labels"] = self.soft_labels[indices]
        return targets

    def __len__(self) -> int:
        return len(self.images)


def to_input(images: Tensor) -> Tensor:
    """Convert (N, 48, 48) or (N, 1, 48, 48) gray levels in 0..255 to the network's (N, 1, 48, 48) float32 input."""
    levels = images.float()
    if levels.ndim == 3:
        levels = levels[:, None]  # (N, 1, 48, 48)
    inputs: Tensor = normalize(levels)
    return inputs


def _make_unanimous_votes(labels: Tensor, is_labeled: Tensor) -> Tensor:
    """Return (N, 10) float32: all votes for the label, an index into `FACE_LABELS`; zeros for unlabeled images."""
    vote_index = torch.tensor([FERPLUS_VOTES.index(name) for name in _VOTE_BY_FACE_LABEL], device=labels.device)
    return _one_hot(vote_index[labels.clamp(min=0)], is_labeled, len(FERPLUS_VOTES))


def _one_hot(index: Tensor, is_given: Tensor, num_classes: int) -> Tensor:
    """Return (N, num_classes) float32; rows without a class are zero."""
    rows = torch.nn.functional.one_hot(torch.where(is_given, index, torch.zeros_like(index)), num_classes).float()
    return rows * is_given[:, None]


def _pad_context(images: Tensor) -> Tensor:
    """Pad (N, 48, 48) uint8 to (N, 64, 64) by reflection, which is what augmentation shows beyond an edge anyway."""
    border = (CONTEXT_SIZE - CROP_SIZE) // 2
    if images.shape[1] != CROP_SIZE:
        return images
    padded = np.pad(images.cpu().numpy(), ((0, 0), (border, border), (border, border)), mode="symmetric")
    return torch.tensor(padded, device=images.device)

"""The material of a training: images and targets as tensors on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch
from torch import Tensor

from mememoji.classification.preprocess import normalize
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, FACE_LABELS, FaceSet
from mememoji.datasets.splits import SIDE, Split
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.targets import label_targets, vote_distributions

UNKNOWN: Final = -1
"""The label of an image that has none of FER2013's seven."""

_VOTES_OF: Final = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")
"""What annotators of FER+ would answer, for each of `FACE_LABELS`."""


@dataclass(frozen=True, slots=True)
class Material:
    """Images with their targets, whole, on one device.

    Attributes:
        images: (N, S, S) uint8; S is 48, or 64 where there is context around what the network sees.
        labels: (N,) int64, `UNKNOWN` where an image has none.
        targets: by head, (N, C) float32: distributions times the weight of each image's target in the loss.
        teaching: (N,) float32 in 0..1, the weight of the teachers' answer to each image; 0 without teachers.
        soft_labels: (N, 7) float32, the labels' targets with what the votes say of them; None where they are not
            softened.
    """

    pictures: Tensor
    labels: Tensor
    targets: dict[str, Tensor]
    teaching: Tensor
    soft_labels: Tensor | None = None

    @classmethod
    def of(cls, split: Split, device: torch.device, recipe: Recipe | None = None, *, teaching: float = 0.0) -> Self:
        """Take a split; a recipe smooths and softens the labels' targets, which only train gets.

        Args:
            split: labeled images.
            device: where the tensors are to be.
            recipe: smoothing and softening; None leaves labels hard.
            teaching: weight of the teachers' answers; the targets weigh the rest.

        Raises:
            DatasetError: the split is empty.
        """
        if not len(split):
            raise DatasetError("the split holds no images")
        pictures = torch.tensor(split.images, device=device)
        labels = torch.tensor(split.labels, dtype=torch.int64, device=device)
        votes = None if split.votes is None else torch.tensor(split.votes, device=device)
        smoothing = 0.0 if recipe is None else recipe.smoothing
        own = 1.0 - teaching
        targets = {"labels": own * label_targets(labels, None, smoothing=smoothing, softening=0.0)}
        soft_labels = None
        if votes is not None:
            targets["votes"] = own * vote_distributions(votes)
            if recipe is not None and recipe.softening > 0.0:
                soft_labels = own * label_targets(labels, votes, smoothing=smoothing, softening=recipe.softening)
        return cls(pictures, labels, targets, torch.full((len(split),), teaching, device=device), soft_labels)

    @classmethod
    def from_face_set(cls, faces: FaceSet, device: torch.device, *, has_teachers: bool) -> Self:
        """Take faces of any origin: each label weighs as much as it is trusted, and the teachers' answer the rest.

        The votes head is to answer what the label says, as if all annotators agreed; what they might have answered
        beside it comes from the teachers.

        Args:
            faces: the face set.
            device: where the tensors are to be.
            has_teachers: whether there are teachers to answer; without them unlabeled faces weigh nothing.

        Raises:
            DatasetError: the face set is empty.
        """
        if not len(faces):
            raise DatasetError("the face set must hold faces, got none")
        labels = torch.tensor(faces.labels, dtype=torch.int64, device=device)
        trust = torch.tensor(faces.trust, device=device)
        labeled = labels != UNKNOWN
        of_seven = labeled & (labels < len(FER2013_LABELS))
        answers = torch.tensor([FERPLUS_VOTES.index(name) for name in _VOTES_OF], device=device)
        targets = {
            "labels": _one_hot(labels, of_seven, len(FER2013_LABELS)) * trust[:, None],
            "votes": _one_hot(answers[labels.clamp(min=0)], labeled, len(FERPLUS_VOTES)) * trust[:, None],
        }
        known = torch.where(of_seven, labels, torch.full_like(labels, UNKNOWN))
        teaching = 1.0 - trust if has_teachers else torch.zeros_like(trust)
        return cls(torch.tensor(faces.images, device=device), known, targets, teaching)

    @classmethod
    def merge(cls, parts: "Sequence[Material]") -> "Material":
        """Put materials one behind the other; those without context get a mirrored border in its place.

        A head that some part has no targets for gets targets of no weight there.
        """
        if len(parts) == 1:
            return parts[0]
        heads = sorted({head for part in parts for head in part.targets})
        classes = {head: part.targets[head].shape[1] for part in parts for head in part.targets}

        def rows(part: Material, head: str) -> Tensor:
            empty = torch.zeros(len(part), classes[head], device=part.pictures.device)
            return part.targets.get(head, empty)

        is_softened = any(part.soft_labels is not None for part in parts)
        soft = [part.targets["labels"] if part.soft_labels is None else part.soft_labels for part in parts]
        return cls(
            torch.cat([_with_context(part.pictures) for part in parts]),
            torch.cat([part.labels for part in parts]),
            {head: torch.cat([rows(part, head) for part in parts]) for head in heads},
            torch.cat([part.teaching for part in parts]),
            torch.cat(soft) if is_softened else None,
        )

    def batch(self, which: Tensor, *, softened: bool) -> dict[str, Tensor]:
        """Return the targets of some images, by head."""
        targets = {head: values[which] for head, values in self.targets.items()}
        if softened and self.soft_labels is not None:
            targets["labels"] = self.soft_labels[which]
        return targets

    def __len__(self) -> int:
        return len(self.pictures)


def as_input(pictures: Tensor) -> Tensor:
    """(N, 48, 48) or (N, 1, 48, 48) gray levels in 0..255 to the network's (N, 1, 48, 48) float32."""
    levels = pictures.float()
    if levels.ndim == 3:
        levels = levels[:, None]  # (N, 1, 48, 48)
    out: Tensor = normalize(levels)
    return out


def _one_hot(index: Tensor, is_given: Tensor, classes: int) -> Tensor:
    """(N, classes) float32; rows without a class are zero."""
    rows = torch.nn.functional.one_hot(torch.where(is_given, index, torch.zeros_like(index)), classes).float()
    return rows * is_given[:, None]


def _with_context(pictures: Tensor) -> Tensor:
    """(N, S, S) uint8 to (N, 64, 64): a mirrored border, which is what augmentation shows beyond an edge anyway."""
    border = (CONTEXT_SIZE - SIDE) // 2
    if pictures.shape[1] != SIDE:
        return pictures
    padded = np.pad(pictures.cpu().numpy(), ((0, 0), (border, border), (border, border)), mode="symmetric")
    return torch.tensor(padded, device=pictures.device)


assert len(_VOTES_OF) == len(FACE_LABELS)

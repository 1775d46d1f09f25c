"""Lessons: images changed ahead of a training, with what its teachers say of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from mememoji.classification.preprocess import SIDE
from mememoji.training.classifier.augmentation import augment
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.teachers import Teacher, soft_targets

_BATCH: Final = 1024


@dataclass(frozen=True, slots=True)
class Lesson:
    """Every image changed once.

    Attributes:
        images: (N, 48, 48) uint8, on the training's device.
        taught: by head, (N, C) float32 distributions, softened by the recipe's temperature.
    """

    pictures: Tensor
    taught: dict[str, Tensor]


class Lessons:
    """As many lessons as the recipe asks for, each made when it is first wanted and kept.

    Several large teachers cost many times what a small student does. Asked once for each of some thirty versions of a
    image, in place of once each epoch, they no longer set the pace, and still judge the very crop that the student
    sees. Every other time that a lesson comes round, its images are mirrored.

    Args:
        teachers: one or more.
        images: (N, S, S) uint8; S is 48, or more where there is context around what the network sees.
        recipe: how many lessons, and how images are changed.
    """

    def __init__(self, teachers: Sequence[Teacher], pictures: Tensor, recipe: Recipe) -> None:
        self._teachers, self._pictures, self._recipe = teachers, pictures, recipe
        self._made: dict[int, Lesson] = {}

    def of(self, epoch: int) -> Lesson:
        """The lesson of an epoch, counted from 0."""
        number = epoch % self._recipe.lessons
        if number not in self._made:
            self._made[number] = self._lesson(number)
        return self._made[number]

    def mirrored(self, epoch: int) -> bool:
        """Whether the lesson's images are to be mirrored in an epoch."""
        return self._recipe.augmentation.mirror and epoch // self._recipe.lessons % 2 == 1

    @torch.no_grad()
    def _lesson(self, number: int) -> Lesson:
        settings, where = self._recipe.augmentation, self._pictures.device
        chance = torch.Generator(where).manual_seed(self._recipe.seed * 1_000_003 + 500_009 + number)
        pictures, taught = [], []
        for part in torch.split(self._pictures, _BATCH):
            mirrored = torch.rand(len(part), generator=chance, device=where) < (0.5 if settings.mirror else 0.0)
            changed = augment(part[:, None].float(), mirrored, settings, chance, size=SIDE).round()
            pictures.append(changed[:, 0].to(torch.uint8))
            taught.append(soft_targets(self._teachers, changed, self._recipe.temperature))
        return Lesson(torch.cat(pictures), {head: torch.cat([t[head] for t in taught]) for head in taught[0]})

"""Cached soft targets: augmented views of all images, with the teachers' outputs for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.training.classifier.augmentation import augment
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.teachers import Teacher, compute_soft_targets

_BATCH_SIZE: Final = 1024


@dataclass(frozen=True, slots=True)
class CachedView:
    """An augmented view of every image, with the teachers' outputs.

    Attributes:
        images: (N, 48, 48) uint8, on the training's device.
        teacher_probs: By head, (N, C) float32 distributions at the config's distillation temperature.
    """

    images: Tensor
    teacher_probs: dict[str, Tensor]


class CachedViews:
    """Views of the train images whose teacher outputs are computed once and reused.

    Several large teachers cost many times as much as a small student. With about thirty cached views per image they
    are not run in every epoch, but still see exactly the crops that the student sees. Every other time that a view is
    reused, its images are mirrored.

    Args:
        teachers: The teachers, at least one.
        images: (N, S, S) uint8; S is 48, or more if there is context around the crop.
        config: The number of views, the augmentation and the seed.
    """

    def __init__(self, teachers: Sequence[Teacher], images: Tensor, config: ClassifierTrainConfig) -> None:
        self._teachers, self._images, self._config = teachers, images, config
        self._views: dict[int, CachedView] = {}

    def view(self, epoch: int) -> CachedView:
        """Return the view of an epoch, counted from 0; it is computed when first needed."""
        index = epoch % self._config.num_cached_views
        if index not in self._views:
            self._views[index] = self._compute_view(index)
        return self._views[index]

    def is_hflipped(self, epoch: int) -> bool:
        """Return whether the view's images are mirrored in an epoch."""
        return self._config.augmentation.hflip and epoch // self._config.num_cached_views % 2 == 1

    @torch.no_grad()
    def _compute_view(self, index: int) -> CachedView:
        config, device = self._config.augmentation, self._images.device
        generator = torch.Generator(device).manual_seed(self._config.seed * 1_000_003 + 500_009 + index)
        images, probs = [], []
        for chunk in torch.split(self._images, _BATCH_SIZE):
            hflip_mask = torch.rand(len(chunk), generator=generator, device=device) < (0.5 if config.hflip else 0.0)
            view = augment(chunk[:, None].float(), hflip_mask, config, generator, size=CROP_SIZE).round()
            images.append(view[:, 0].to(torch.uint8))
            probs.append(compute_soft_targets(self._teachers, view, self._config.distillation_temperature))
        return CachedView(torch.cat(images), {head: torch.cat([p[head] for p in probs]) for head in probs[0]})

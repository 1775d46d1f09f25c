"""Batches: scenes made ahead by threads while the network computes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mememoji.training.detector.recipe import DetectorRecipe
from mememoji.training.detector.scenes import Plate, Scene, compose

_SIDE: Final = 1
"""Sets the numbers that a batch's side is drawn by apart from those of its scenes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B pictures with all their F faces and I ignored regions in one row each.

    Attributes:
        pictures: (B, 3, S, S) uint8, RGB.
        faces: (F, 4) float32, left, top, right, bottom.
        landmarks: (F, 5, 2) float32; all NaN where there are none.
        face_owner: (F,) int64, which picture each face is in.
        ignore: (I, 4) float32.
        ignore_owner: (I,) int64.
    """

    pictures: Tensor
    faces: Tensor
    landmarks: Tensor
    face_owner: Tensor
    ignore: Tensor
    ignore_owner: Tensor

    @classmethod
    def of(cls, scenes: Sequence[Scene]) -> Self:
        images = torch.from_numpy(np.stack([scene.image for scene in scenes]))  # (B, S, S, 3)
        return cls(
            # Channels stay last in memory, where convolutions are about one and a half times as fast on a processor.
            images.permute(0, 3, 1, 2),
            torch.from_numpy(np.concatenate([scene.faces for scene in scenes])),
            torch.from_numpy(np.concatenate([scene.landmarks for scene in scenes])),
            torch.repeat_interleave(torch.tensor([len(scene.faces) for scene in scenes])),
            torch.from_numpy(np.concatenate([scene.ignore for scene in scenes])),
            torch.repeat_interleave(torch.tensor([len(scene.ignore) for scene in scenes])),
        )

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


class SceneMaker:
    """Makes the batches of any epoch; what an epoch holds follows from the recipe's seed and its number alone.

    Args:
        plates: the decoded photographs.
        recipe: how scenes are made, and how many make a batch.
        workers: threads that make them.
    """

    def __init__(self, plates: Sequence[Plate], recipe: DetectorRecipe, *, workers: int = 1) -> None:
        self._plates, self._recipe, self._workers = plates, recipe, workers
        self._faceless = np.array([n for n, plate in enumerate(plates) if not len(plate.faces)], np.int64)
        self.steps = max(len(plates) // recipe.batch, 1)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch, in order, each made ahead of its turn."""
        order = np.random.default_rng((self._recipe.seed, number)).permutation(len(self._plates))
        size = self._recipe.batch
        jobs = ((step, order[step * size : (step + 1) * size]) for step in range(self.steps))
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = [pool.submit(self._batch, number, *job) for job in islice(jobs, self._workers + 2)]
            while waiting:
                batch = waiting.pop(0).result()
                waiting += [pool.submit(self._batch, number, *job) for job in islice(jobs, 1)]
                yield batch

    def _batch(self, epoch: int, step: int, which: npt.NDArray[np.int64]) -> Batch:
        side = int(np.random.default_rng((self._recipe.seed, epoch, step, _SIDE)).choice(self._recipe.sides))
        return Batch.of([self._scene(epoch, int(number), side) for number in which])

    def _scene(self, epoch: int, which: int, side: int) -> Scene:
        rng = np.random.default_rng((self._recipe.seed, epoch, which))
        return compose(self._plates, which, self._faceless, side, self._recipe.scenes, rng)

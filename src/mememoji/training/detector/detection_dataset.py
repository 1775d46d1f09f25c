"""Batches: scenes made ahead, by a thread or by processes, while the network computes."""

import multiprocessing
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mememoji.errors import RunError
from mememoji.training.detector.detector_config import DetectorRecipe
from mememoji.training.detector.training_samples import Plate, Scene, compose

_SIDE: Final = 1
"""Sets the numbers that a batch's side is drawn by apart from those of its scenes."""

_AHEAD: Final = 3
"""Batches that the thread, or each process, makes ahead: large ones take several times as long as small ones."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B images with all their F faces and I ignored regions in one row each.

    Attributes:
        images: (B, 3, S, S) uint8, RGB.
        faces: (F, 4) float32, left, top, right, bottom.
        landmarks: (F, 5, 2) float32; all NaN where there are none.
        face_owner: (F,) int64, which image each face is in.
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
            # Channels stay last in memory, where convolutions are about one and a half times as fast on a CPU.
            images.permute(0, 3, 1, 2),
            torch.from_numpy(np.concatenate([scene.faces for scene in scenes])),
            torch.from_numpy(np.concatenate([scene.landmarks for scene in scenes])),
            torch.repeat_interleave(torch.tensor([len(scene.faces) for scene in scenes])),
            torch.from_numpy(np.concatenate([scene.ignore for scene in scenes])),
            torch.repeat_interleave(torch.tensor([len(scene.ignore) for scene in scenes])),
        )

    def to(self, device: torch.device) -> "Batch":
        """The same on a device; a GPU copies from pinned memory while the CPU goes on."""
        # The other way round the CPU would read before all is there.
        ahead = device.type == "cuda"
        return self._with_each(lambda tensor: tensor.to(device, non_blocking=ahead))

    def pin_memory(self) -> "Batch":
        """The same in memory that a GPU reads by itself; torch's loader looks for a method of this name."""
        return self._with_each(lambda tensor: tensor.pin_memory() if tensor.numel() else tensor)

    def _with_each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(*(change(getattr(self, name)) for name in self.__slots__))

    def __reduce__(self) -> tuple[Any, ...]:
        # From process to process each tensor goes through a shared file of its own. That pays for images alone.
        _, *names = self.__slots__
        return _received, (self.pictures, *(getattr(self, name).numpy() for name in names))


def _received(pictures: Tensor, *labels: npt.NDArray[Any]) -> Batch:
    return Batch(pictures, *(torch.from_numpy(array) for array in labels))


class SceneMaker(Dataset[Batch]):
    """Makes the batches of any epoch; what an epoch holds follows from the recipe's seed and its number alone.

    Args:
        plates: the decoded images.
        recipe: how scenes are made, and how many make a batch.
        workers: processes that make them; 0 is a thread of this one. They are forked and share the plates.
        pinned: whether batches come in memory that a GPU reads by itself; for batches from processes.

    Raises:
        RunError: processes are wanted where none can be forked.
    """

    def __init__(
        self, plates: Sequence[Plate], recipe: DetectorRecipe, *, workers: int = 0, pinned: bool = False
    ) -> None:
        if workers and "fork" not in multiprocessing.get_all_start_methods():
            raise RunError(f"this system forks no processes, got {workers} workers; take 0")
        self._plates, self._recipe, self._workers, self._pinned = plates, recipe, workers, pinned
        self._faceless = np.array([n for n, plate in enumerate(plates) if not len(plate.faces)], np.int64)
        self.steps = max(len(plates) // recipe.batch, 1)

    def batches(self, first: int, last: int) -> Generator[Batch]:
        """The batches of the epochs from `first` to before `last`, in order, each made ahead of its turn.

        What comes next is made while an epoch is judged, too. Whoever does not take all of them closes the generator.

        Raises:
            RunError: a process failed or died.
        """
        places = ((epoch, step) for epoch in range(first, last) for step in range(self.steps))
        yield from self._from_processes(places) if self._workers else self._from_a_thread(places)

    def __getitem__(self, place: tuple[int, int]) -> Batch:
        """The batch of an epoch and a step."""
        epoch, step = place
        size, seed = self._recipe.batch, self._recipe.seed
        order = np.random.default_rng((seed, epoch)).permutation(len(self._plates))
        side = int(np.random.default_rng((seed, epoch, step, _SIDE)).choice(self._recipe.sides))
        return Batch.of([self._scene(epoch, int(number), side) for number in order[step * size : (step + 1) * size]])

    def _scene(self, epoch: int, which: int, side: int) -> Scene:
        rng = np.random.default_rng((self._recipe.seed, epoch, which))
        return compose(self._plates, which, self._faceless, side, self._recipe.scenes, rng)

    def _from_a_thread(self, places: Iterator[tuple[int, int]]) -> Iterator[Batch]:
        with ThreadPoolExecutor(1) as pool:
            waiting = [pool.submit(self.__getitem__, place) for place in islice(places, _AHEAD)]
            while waiting:
                batch = waiting.pop(0).result()
                waiting += [pool.submit(self.__getitem__, place) for place in islice(places, 1)]
                yield batch

    def _from_processes(self, places: Iterable[tuple[int, int]]) -> Iterator[Batch]:
        loader = DataLoader(
            self,
            batch_size=None,
            sampler=places,
            num_workers=self._workers,
            prefetch_factor=_AHEAD,
            pin_memory=self._pinned,
            # Forked processes share the plates' memory; no other start does. They leave CUDA alone.
            multiprocessing_context="fork",
            # The loader draws a seed that is used for nothing here, and would draw it from torch's own chance.
            generator=torch.Generator(),
        )
        with _one_opencv_thread():
            made = iter(loader)
        while True:
            try:
                batch = next(made)
            except StopIteration:
                return
            except (RuntimeError, OSError, EOFError) as error:  # died, or died while handing over
                raise RunError(f"training images cannot be made: {error}; --workers 0 takes no processes") from error
            yield batch


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """OpenCV's threads stopped: a process forked beside them would wait for threads that only its parent has."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

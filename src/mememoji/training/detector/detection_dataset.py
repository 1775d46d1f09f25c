"""Batches of training samples, prefetched by a thread or by worker processes while the network computes."""

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
from mememoji.training.detector.detector_config import DetectorTrainConfig
from mememoji.training.detector.training_samples import DecodedImage, TrainingSample, make_training_sample

_IMAGE_SIZE_STREAM: Final = 1
"""Separates the random stream of a batch's image size from those of its samples."""

_PREFETCH_FACTOR: Final = 3
"""Batches prefetched by the thread or by each process: those of large images take several times as long."""


@dataclass(frozen=True, slots=True)
class DetectionBatch:
    """B images with all their F faces and I ignored regions concatenated.

    Attributes:
        images: RGB images (B, 3, S, S) uint8.
        faces: Boxes (F, 4) float32 as left, top, right, bottom.
        landmarks: Landmarks (F, 5, 2) float32; all NaN for a face without any.
        face_image_index: Image (F,) int64 that each face is in.
        ignore: Ignored regions (I, 4) float32.
        ignore_image_index: Image (I,) int64 that each ignored region is in.
    """

    images: Tensor
    faces: Tensor
    landmarks: Tensor
    face_image_index: Tensor
    ignore: Tensor
    ignore_image_index: Tensor

    @classmethod
    def from_samples(cls, samples: Sequence[TrainingSample]) -> Self:
        """Collate samples of equal size."""
        images = torch.from_numpy(np.stack([sample.image for sample in samples]))  # (B, S, S, 3)
        return cls(
            # Channels stay last in memory, where convolutions are about one and a half times as fast on a CPU.
            images.permute(0, 3, 1, 2),
            torch.from_numpy(np.concatenate([sample.faces for sample in samples])),
            torch.from_numpy(np.concatenate([sample.landmarks for sample in samples])),
            torch.repeat_interleave(torch.tensor([len(sample.faces) for sample in samples])),
            torch.from_numpy(np.concatenate([sample.ignore for sample in samples])),
            torch.repeat_interleave(torch.tensor([len(sample.ignore) for sample in samples])),
        )

    def to(self, device: torch.device) -> "DetectionBatch":
        """Return the batch on a device; a GPU copies from pinned memory while the CPU continues."""
        # Copies to the CPU must block: otherwise it could read the values before the copy has ended.
        non_blocking = device.type == "cuda"
        return self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "DetectionBatch":
        """Return the batch in pinned memory; torch's DataLoader looks for a method of this name."""
        return self._map(lambda tensor: tensor.pin_memory() if tensor.numel() else tensor)

    def _map(self, function: Callable[[Tensor], Tensor]) -> "DetectionBatch":
        return DetectionBatch(*(function(getattr(self, name)) for name in self.__slots__))

    def __reduce__(self) -> tuple[Any, ...]:
        # torch passes each tensor between processes in a shared file of its own, which is slower for small tensors.
        _, *names = self.__slots__
        return _rebuild_batch, (self.images, *(getattr(self, name).numpy() for name in names))


def _rebuild_batch(images: Tensor, *labels: npt.NDArray[Any]) -> DetectionBatch:
    return DetectionBatch(images, *(torch.from_numpy(array) for array in labels))


class DetectionDataset(Dataset[DetectionBatch]):
    """Dataset of the batches of all epochs; a batch depends only on the config's seed, the epoch and the step.

    Args:
        images: Decoded images.
        config: Augmentation, batch size and seed.
        num_workers: Number of worker processes; 0 uses a thread of this one. They are forked and share the images.
        pin_memory: Whether worker processes return batches in pinned memory.

    Raises:
        RunError: Worker processes are requested on a platform without fork().
    """

    def __init__(
        self,
        images: Sequence[DecodedImage],
        config: DetectorTrainConfig,
        *,
        num_workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        if num_workers and "fork" not in multiprocessing.get_all_start_methods():
            raise RunError("--workers needs fork(), which this platform lacks; use --workers 0")
        self._images, self._config, self._num_workers, self._pin_memory = images, config, num_workers, pin_memory
        self._negatives = np.array([n for n, image in enumerate(images) if not len(image.faces)], np.int64)
        self.steps_per_epoch = max(len(images) // config.batch_size, 1)

    def batches(self, first: int, last: int) -> Generator[DetectionBatch]:
        """Yield the batches of the epochs from `first` to before `last` in order, prefetched.

        Batches are prefetched during validation too. A caller that does not take all of them must close the generator.

        Raises:
            RunError: A worker process failed or died.
        """
        keys = ((epoch, step) for epoch in range(first, last) for step in range(self.steps_per_epoch))
        yield from self._load_in_processes(keys) if self._num_workers else self._load_in_thread(keys)

    def __getitem__(self, key: tuple[int, int]) -> DetectionBatch:
        """Return the batch of an epoch and a step."""
        epoch, step = key
        batch_size, seed = self._config.batch_size, self._config.seed
        order = np.random.default_rng((seed, epoch)).permutation(len(self._images))
        rng = np.random.default_rng((seed, epoch, step, _IMAGE_SIZE_STREAM))
        size = int(rng.choice(self._config.image_sizes))
        indices = order[step * batch_size : (step + 1) * batch_size]
        return DetectionBatch.from_samples([self._make_sample(epoch, int(index), size) for index in indices])

    def _make_sample(self, epoch: int, index: int, size: int) -> TrainingSample:
        rng = np.random.default_rng((self._config.seed, epoch, index))
        return make_training_sample(self._images, index, self._negatives, size, self._config.augmentation, rng)

    def _load_in_thread(self, keys: Iterator[tuple[int, int]]) -> Iterator[DetectionBatch]:
        with ThreadPoolExecutor(1) as pool:
            pending = [pool.submit(self.__getitem__, key) for key in islice(keys, _PREFETCH_FACTOR)]
            while pending:
                batch = pending.pop(0).result()
                pending += [pool.submit(self.__getitem__, key) for key in islice(keys, 1)]
                yield batch

    def _load_in_processes(self, keys: Iterable[tuple[int, int]]) -> Iterator[DetectionBatch]:
        loader = DataLoader(
            self,
            batch_size=None,
            sampler=keys,
            num_workers=self._num_workers,
            prefetch_factor=_PREFETCH_FACTOR,
            pin_memory=self._pin_memory,
            # Only forked processes share the images' memory. They do not use CUDA.
            multiprocessing_context="fork",
            # The loader draws a seed that is not used here; with its own generator, torch's global one is unchanged.
            generator=torch.Generator(),
        )
        with _single_opencv_thread():
            iterator = iter(loader)
        while True:
            try:
                batch = next(iterator)
            except StopIteration:
                return
            except (RuntimeError, OSError, EOFError) as error:  # the process failed, died, or died while sending
                raise RunError(f"cannot make training images: {error}; try --workers 0") from error
            yield batch


@contextmanager
def _single_opencv_thread() -> Iterator[None]:
    """Stop OpenCV's threads: a forked process would wait forever for threads that exist only in its parent."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

"""Batches, which are the same from a thread and from processes."""

import multiprocessing
import pickle
from contextlib import closing

import cv2
import pytest
import torch

from mememoji.errors import RunError
from mememoji.training.detector.detection_dataset import DetectionBatch, DetectionDataset
from mememoji.training.detector.detector_config import PRESETS
from mememoji.training.detector.training_samples import DecodedImage
from tests.drawn_faces import draw_sample

IMAGES = [DecodedImage.from_sample(draw_sample(number, faces=number % 3)) for number in range(8)]
CONFIG = PRESETS["debug"].with_changes(batch_size=4, image_sizes=(64, 96))

# DataLoader warns on machines with one CPU, and Python 3.12 at any fork beside threads.
uses_fork = pytest.mark.filterwarnings("ignore:This DataLoader", "ignore:This process .* is multi-threaded")


def are_equal(first: list[DetectionBatch], second: list[DetectionBatch]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.equal(getattr(a, name), getattr(b, name)) for a, b in pairs for name in DetectionBatch.__slots__)


def test_batches_of_no_epochs_are_empty() -> None:
    assert list(DetectionDataset(IMAGES, CONFIG).batches(3, 3)) == []


@uses_fork
@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_batches_depend_only_on_seed_and_epoch(num_workers: int) -> None:
    expected = [DetectionDataset(IMAGES, CONFIG)[key] for key in ((3, 0), (3, 1), (4, 0), (4, 1))]
    threads = cv2.getNumThreads()
    found = list(DetectionDataset(IMAGES, CONFIG, num_workers=num_workers).batches(3, 5))
    assert are_equal(found, expected)
    assert not are_equal(found[:2], found[2:])
    assert cv2.getNumThreads() == threads


@uses_fork
@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_have_one_of_the_image_sizes_and_channels_last(num_workers: int) -> None:
    batches = list(DetectionDataset(IMAGES, CONFIG, num_workers=num_workers).batches(0, 6))
    assert {tuple(batch.images.shape[1:]) for batch in batches} == {(3, 64, 64), (3, 96, 96)}
    assert all(batch.images.is_contiguous(memory_format=torch.channels_last) for batch in batches)


@uses_fork
def test_processes_end_when_the_generator_is_closed() -> None:
    with closing(DetectionDataset(IMAGES, CONFIG, num_workers=2).batches(0, 100)) as batches:
        next(batches)
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


class Broken(DetectionDataset):
    def __getitem__(self, key: tuple[int, int]) -> DetectionBatch:
        raise RuntimeError("no more memory")


@uses_fork
def test_batches_of_a_failing_process_raise_run_error() -> None:
    with pytest.raises(RunError, match=r"(?s)no more memory.*--workers 0"):
        list(Broken(IMAGES, CONFIG, num_workers=1).batches(0, 2))


def test_dataset_with_workers_without_fork_raises_run_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert DetectionDataset(IMAGES, CONFIG).steps_per_epoch == 2
    with pytest.raises(RunError, match="use --workers 0"):
        DetectionDataset(IMAGES, CONFIG, num_workers=1)


def test_batch_without_faces_survives_pickling_and_pinning() -> None:
    images = [DecodedImage.from_sample(draw_sample(number, faces=0)) for number in range(4)]
    batch = DetectionDataset(images, CONFIG)[0, 0]
    assert len(batch.faces) == 0
    assert are_equal([pickle.loads(pickle.dumps(batch))], [batch])
    if torch.cuda.is_available():
        assert batch.pin_memory().images.is_pinned()
        assert are_equal([batch.pin_memory().to(torch.device("cuda")).to(torch.device("cpu"))], [batch])

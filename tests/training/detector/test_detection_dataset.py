"""Batches: the same ones whoever makes them."""

import multiprocessing
import pickle
from contextlib import closing

import cv2
import pytest
import torch

from mememoji.errors import RunError
from mememoji.training.detector.detection_dataset import Batch, SceneMaker
from mememoji.training.detector.detector_config import PRESETS
from mememoji.training.detector.training_samples import Plate
from tests.drawn_faces import drawn

PLATES = [Plate.of(drawn(number, faces=number % 3)) for number in range(8)]
RECIPE = PRESETS["minute"].with_changes(batch=4, sides=(64, 96))

# Machines of one CPU are warned of two processes, and Python 3.12 of any fork beside threads.
forked = pytest.mark.filterwarnings("ignore:This DataLoader", "ignore:This process .* is multi-threaded")


def are_equal(first: list[Batch], second: list[Batch]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.equal(getattr(a, name), getattr(b, name)) for a, b in pairs for name in Batch.__slots__)


def test_no_epoch_has_no_batches() -> None:
    assert list(SceneMaker(PLATES, RECIPE).batches(3, 3)) == []


@forked
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_follow_from_seed_and_epoch_alone(workers: int) -> None:
    expected = [SceneMaker(PLATES, RECIPE)[place] for place in ((3, 0), (3, 1), (4, 0), (4, 1))]
    threads = cv2.getNumThreads()
    found = list(SceneMaker(PLATES, RECIPE, workers=workers).batches(3, 5))
    assert are_equal(found, expected)
    assert not are_equal(found[:2], found[2:])
    assert cv2.getNumThreads() == threads


@forked
@pytest.mark.parametrize("workers", [0, 2])
def test_each_step_has_one_of_the_sides_and_channels_last(workers: int) -> None:
    batches = list(SceneMaker(PLATES, RECIPE, workers=workers).batches(0, 6))
    assert {tuple(batch.pictures.shape[1:]) for batch in batches} == {(3, 64, 64), (3, 96, 96)}
    assert all(batch.pictures.is_contiguous(memory_format=torch.channels_last) for batch in batches)


@forked
def test_processes_end_with_whoever_takes_the_batches() -> None:
    with closing(SceneMaker(PLATES, RECIPE, workers=2).batches(0, 100)) as batches:
        next(batches)
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


class Broken(SceneMaker):
    def __getitem__(self, place: tuple[int, int]) -> Batch:
        raise RuntimeError("no more memory")


@forked
def test_a_process_that_fails_is_told_with_what_to_do() -> None:
    with pytest.raises(RunError, match=r"(?s)no more memory.*--workers 0"):
        list(Broken(PLATES, RECIPE, workers=1).batches(0, 2))


def test_where_nothing_is_forked_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert SceneMaker(PLATES, RECIPE).steps == 2
    with pytest.raises(RunError, match="take 0"):
        SceneMaker(PLATES, RECIPE, workers=1)


def test_a_batch_without_faces_survives_pickling_and_pinning() -> None:
    plates = [Plate.of(drawn(number, faces=0)) for number in range(4)]
    batch = SceneMaker(plates, RECIPE)[0, 0]
    assert len(batch.faces) == 0
    assert are_equal([pickle.loads(pickle.dumps(batch))], [batch])
    if torch.cuda.is_available():
        assert batch.pin_memory().pictures.is_pinned()
        assert are_equal([batch.pin_memory().to(torch.device("cuda")).to(torch.device("cpu"))], [batch])

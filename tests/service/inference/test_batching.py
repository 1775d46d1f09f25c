"""Batches of crops from several threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.classification.face_classifier import Prediction
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import load_shipped_classifier
from mememoji.service.inference.batching import BatchingClassifier


class GatedClassifier:
    """The shipped classifier behind a gate; records the sizes of its runs, and fails for a black crop."""

    def __init__(self) -> None:
        self._classifier = load_shipped_classifier(num_threads=1)
        self.gate, self.entered = threading.Event(), threading.Event()
        self.runs: list[int] = []

    @property
    def card(self) -> ModelCard:
        return self._classifier.card

    def classify(self, crops: npt.NDArray[np.uint8]) -> Prediction:
        self.runs.append(len(crops))
        self.entered.set()
        assert self.gate.wait(20)
        if (crops.reshape(len(crops), -1).max(axis=1) == 0).any():
            raise ValueError("a black crop")
        return self._classifier.classify(crops)


@pytest.fixture(scope="module")
def plain() -> OnnxClassifier:
    return load_shipped_classifier(num_threads=1)


def crops_of(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(1, 255, (count, 48, 48), np.uint8)


def test_classify_without_crops_returns_no_predictions(plain: OnnxClassifier) -> None:
    assert len(BatchingClassifier(plain).classify(crops_of(0))) == 0


def test_calls_queued_during_a_run_share_the_next_batch(plain: OnnxClassifier) -> None:
    gated = GatedClassifier()
    batching = BatchingClassifier(gated)
    calls = [crops_of(1 + number % 3, number) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(batching.classify, calls[0])
        assert gated.entered.wait(20)
        rest = [threads.submit(batching.classify, call) for call in calls[1:]]
        while len(batching.count_queued_crops()) < 7:
            pass
        gated.gate.set()
        answers = [first.result(20), *[future.result(20) for future in rest]]
    assert gated.runs == [1, sum(map(len, calls[1:]))]
    for call, answer in zip(calls, answers, strict=True):
        np.testing.assert_allclose(
            answer.compute_compositions(), plain.classify(call).compute_compositions(), atol=1e-5
        )


def test_failing_call_does_not_fail_others_in_its_batch() -> None:
    gated = GatedClassifier()
    batching = BatchingClassifier(gated)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(batching.classify, crops_of(1))
        assert gated.entered.wait(20)
        bad = threads.submit(batching.classify, np.zeros((1, 48, 48), np.uint8))
        good = threads.submit(batching.classify, crops_of(2))
        while len(batching.count_queued_crops()) < 2:
            pass
        gated.gate.set()
        assert len(first.result(20)) == 1
        assert len(good.result(20)) == 2
        with pytest.raises(ValueError, match="a black crop"):
            bad.result(20)


@given(sizes=st.lists(st.integers(0, 5), max_size=12), max_batch_size=st.integers(1, 8))
def test_each_call_gets_its_own_predictions(plain: OnnxClassifier, sizes: list[int], max_batch_size: int) -> None:
    batching = BatchingClassifier(plain, max_batch_size=max_batch_size)
    calls = [crops_of(size, seed) for seed, size in enumerate(sizes)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(batching.classify, calls))
    for call, answer in zip(calls, answers, strict=True):
        np.testing.assert_allclose(
            answer.compute_compositions(), plain.classify(call).compute_compositions(), atol=1e-5
        )

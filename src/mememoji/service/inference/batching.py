"""Crops of requests that arrive together, classified in one batch."""

import threading
from concurrent.futures import Future

import numpy as np
import numpy.typing as npt

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import FaceClassifier, Prediction


class BatchingClassifier:
    """A classifier that answers several threads with one run of another.

    Nobody waits for company: while a run is under way, crops that arrive gather, and the next run takes them all.

    Args:
        classifier: what runs the batches.
        largest: crops in a run at most, except for a single call that hands in more.
    """

    def __init__(self, classifier: FaceClassifier, *, largest: int = 64) -> None:
        self._classifier = classifier
        self._largest = largest
        self._turn = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queue: list[tuple[npt.NDArray[np.uint8], Future[Prediction]]] = []

    @property
    def card(self) -> ModelCard:
        return self._classifier.card

    def classify(self, crops: npt.NDArray[np.uint8]) -> Prediction:
        """Read gray crops (N, side, side) uint8: see `FaceClassifier`."""
        answer: Future[Prediction] = Future()
        with self._queue_lock:
            self._queue.append((crops, answer))
        while not answer.done():
            # Whoever gets the turn works for all who wait; the others find their answer there when it is theirs.
            with self._turn:
                if not answer.done():
                    self._run_next()
        return answer.result()

    def waiting(self) -> list[int]:
        """How many crops each call that waits for its run has handed in."""
        with self._queue_lock:
            return [len(crops) for crops, _ in self._queue]

    def _run_next(self) -> None:
        calls = self._take()
        try:
            prediction = self._classifier.classify(np.concatenate([crops for crops, _ in calls]))
        except Exception as error:
            if len(calls) == 1:
                calls[0][1].set_exception(error)
                return
            # One call's fault is not its neighbors': each is tried alone.
            for crops, answer in calls:
                self._run_alone(crops, answer)
            return
        start = 0
        for crops, answer in calls:
            answer.set_result(_part(prediction, slice(start, start + len(crops))))
            start += len(crops)

    def _run_alone(self, crops: npt.NDArray[np.uint8], answer: Future[Prediction]) -> None:
        try:
            answer.set_result(self._classifier.classify(crops))
        except Exception as error:
            answer.set_exception(error)

    def _take(self) -> list[tuple[npt.NDArray[np.uint8], Future[Prediction]]]:
        with self._queue_lock:
            count, crops = 0, 0
            for waiting, _ in self._queue:
                if count and crops + len(waiting) > self._largest:
                    break
                count, crops = count + 1, crops + len(waiting)
            taken, self._queue = self._queue[:count], self._queue[count:]
        return taken


def _part(prediction: Prediction, rows: slice) -> Prediction:
    return Prediction(
        labels=None if prediction.labels is None else prediction.labels[rows],
        votes=None if prediction.votes is None else prediction.votes[rows],
    )

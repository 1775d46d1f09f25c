"""Dynamic batching: crops of concurrent requests are classified together."""

import threading
from concurrent.futures import Future

import numpy as np

from mememoji.classification.face_classifier import FaceClassifier, Prediction
from mememoji.classification.model_card import ModelCard
from mememoji.types import UInt8Array


class BatchingClassifier:
    """A classifier that batches the calls of several threads into one run of another classifier.

    No call waits for others to arrive: while a run is in progress, further calls are queued, and the next run takes all
    of them.

    Args:
        classifier: The classifier that runs the batches.
        max_batch_size: The largest number of crops in a run, unless a single call has more.
    """

    def __init__(self, classifier: FaceClassifier, *, max_batch_size: int = 64) -> None:
        self._classifier = classifier
        self._max_batch_size = max_batch_size
        self._run_lock = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queue: list[tuple[UInt8Array, Future[Prediction]]] = []

    @property
    def card(self) -> ModelCard:
        """The card of the classifier that runs the batches."""
        return self._classifier.card

    def classify(self, crops: UInt8Array) -> Prediction:
        """Classify gray crops (N, S, S) uint8: see `FaceClassifier`."""
        future: Future[Prediction] = Future()
        with self._queue_lock:
            self._queue.append((crops, future))
        while not future.done():
            # The thread that holds the lock runs the batch for all queued calls; the other threads then find their
            # futures done.
            with self._run_lock:
                if not future.done():
                    self._run_next_batch()
        return future.result()

    def count_queued_crops(self) -> list[int]:
        """Return the number of crops of each queued call."""
        with self._queue_lock:
            return [len(crops) for crops, _ in self._queue]

    def _run_next_batch(self) -> None:
        batch = self._take_batch()
        try:
            prediction = self._classifier.classify(np.concatenate([crops for crops, _ in batch]))
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            # Each call is run alone, so that an invalid one does not fail the others.
            for crops, future in batch:
                self._run_alone(crops, future)
            return
        start = 0
        for crops, future in batch:
            future.set_result(_slice_prediction(prediction, slice(start, start + len(crops))))
            start += len(crops)

    def _run_alone(self, crops: UInt8Array, future: Future[Prediction]) -> None:
        try:
            future.set_result(self._classifier.classify(crops))
        except Exception as error:
            future.set_exception(error)

    def _take_batch(self) -> list[tuple[UInt8Array, Future[Prediction]]]:
        with self._queue_lock:
            num_calls, num_crops = 0, 0
            for crops, _ in self._queue:
                if num_calls and num_crops + len(crops) > self._max_batch_size:
                    break
                num_calls, num_crops = num_calls + 1, num_crops + len(crops)
            batch, self._queue = self._queue[:num_calls], self._queue[num_calls:]
        return batch


def _slice_prediction(prediction: Prediction, rows: slice) -> Prediction:
    return Prediction(
        labels=None if prediction.labels is None else prediction.labels[rows],
        votes=None if prediction.votes is None else prediction.votes[rows],
    )

"""Predictions, and the classifier that runs a weights file."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import HEADS, OnnxClassifier, Prediction, softmax
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import ModelError
from mememoji.model_files import card_path

MakeWeights = Callable[..., Path]
Floats = npt.NDArray[np.float32]


def crops_of(count: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, 48, 48), np.uint8)


def rows(count: int, classes: int) -> Floats:
    return np.full((count, classes), 1 / classes, np.float32)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_prediction_counts_its_crops(count: int) -> None:
    prediction = Prediction(labels=rows(count, 7), votes=rows(count, 10))
    likeness = prediction.face_likeness()
    assert len(prediction) == count
    assert prediction.compositions().shape == (count, 6)
    assert likeness is not None
    assert likeness.shape == (count,)


def test_compositions_come_from_the_votes_where_there_are_votes() -> None:
    happy = np.eye(10, dtype=np.float32)[[1]]
    sad = np.eye(7, dtype=np.float32)[[4]]
    assert Prediction(labels=sad, votes=happy).compositions()[0].argmax() == 2
    assert Prediction(labels=sad, votes=None).compositions()[0].argmax() == 3


def test_labels_alone_cannot_tell_a_face() -> None:
    assert Prediction(labels=rows(1, 7), votes=None).face_likeness() is None


@pytest.mark.parametrize(
    ("labels", "votes"),
    [(None, None), (rows(1, 6), None), (None, rows(1, 7)), (np.ones(7, np.float32), None), (rows(1, 7), rows(2, 10))],
)
def test_a_prediction_checks_itself(labels: Floats | None, votes: Floats | None) -> None:
    with pytest.raises(ValueError, match="got"):
        Prediction(labels=labels, votes=votes)


@settings(max_examples=50)
@given(arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 10)), elements=st.floats(-1000, 1000, width=32)))
def test_softmax_gives_probabilities_in_the_order_of_the_logits(logits: Floats) -> None:
    shares = softmax(logits)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    best = np.take_along_axis(shares, logits.argmax(axis=1)[:, None], axis=1)
    assert (best == shares.max(axis=1, keepdims=True)).all()


def test_no_crops_give_empty_answers(make_weights: MakeWeights) -> None:
    prediction = OnnxClassifier(make_weights()).classify(crops_of(0))
    assert len(prediction) == 0
    assert prediction.compositions().shape == (0, 6)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_any_number_of_crops_gets_what_the_bare_network_says(make_weights: MakeWeights, count: int) -> None:
    weights, crops = make_weights(), crops_of(count)
    prediction = OnnxClassifier(weights).classify(crops)
    pixels = ((crops.astype(np.float64) - 128) / 64).astype(np.float32)[:, None]
    logits = onnxruntime.InferenceSession(str(weights)).run(["labels", "votes"], {"crops": pixels})
    for probabilities, row in zip((prediction.labels, prediction.votes), logits, strict=True):
        powers = np.exp(row.astype(np.float64))
        assert probabilities is not None
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities, powers / powers.sum(axis=1, keepdims=True), atol=1e-4)


@pytest.mark.parametrize("head", ["labels", "votes"])
def test_one_head_is_enough(make_weights: MakeWeights, head: str) -> None:
    prediction = OnnxClassifier(make_weights(classes={head: HEADS[head]})).classify(crops_of(2))
    assert (prediction.labels is None, prediction.votes is None) == (head != "labels", head != "votes")
    np.testing.assert_allclose(prediction.compositions().sum(axis=1), 1, atol=1e-5)


def test_the_order_of_classes_is_the_cards(make_weights: MakeWeights) -> None:
    straight = OnnxClassifier(make_weights()).classify(crops_of(3)).labels
    turned_card = {"labels": FER2013_LABELS[::-1], "votes": FERPLUS_VOTES}
    turned = OnnxClassifier(make_weights(outputs=turned_card)).classify(crops_of(3)).labels
    assert straight is not None
    assert turned is not None
    np.testing.assert_array_equal(turned, straight[:, ::-1])


def test_a_temperature_in_the_card_is_in_the_file_already(make_weights: MakeWeights) -> None:
    told = OnnxClassifier(make_weights()).classify(crops_of(3)).votes
    recorded = OnnxClassifier(make_weights(temperatures={"votes": 3.0}, floors={"votes": 0.01})).classify(crops_of(3))
    np.testing.assert_array_equal(recorded.votes, told)


@pytest.mark.parametrize(
    "crops",
    [
        np.empty((0,), np.uint8),
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 1, 48, 48), np.uint8),
        np.zeros((1, 47, 48), np.uint8),
        np.zeros((1, 48, 48), np.float32),
    ],
)
def test_other_crops_are_refused(make_weights: MakeWeights, crops: Any) -> None:
    with pytest.raises(ValueError, match=r"crops must be \(N, 48, 48\) uint8, got"):
        OnnxClassifier(make_weights()).classify(crops)


@pytest.mark.parametrize(
    ("built", "message"),
    [
        ({"sha256": "0" * 64}, "not what its card speaks of"),
        ({"input_name": "pixels"}, "expected one input 'pixels'"),
        ({"side": 64}, "expected one input 'crops'"),
        ({"batch": 4}, "with N left open"),
        ({"outputs": {"emotions": FER2013_LABELS}}, "expected the outputs labels or votes"),
        ({"outputs": {"labels": FER2013_LABELS[:6]}}, "labels has the classes"),
        ({"classes": {"labels": FER2013_LABELS}, "outputs": {"votes": FERPLUS_VOTES}}, "expected the output 'votes'"),
        ({"classes": {"votes": FER2013_LABELS}, "outputs": {"votes": FERPLUS_VOTES}}, r"shape \(N, 10\)"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(make_weights: MakeWeights, built: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        OnnxClassifier(make_weights(**built))


def test_weights_without_a_card_are_refused(make_weights: MakeWeights) -> None:
    weights = make_weights()
    card = ModelCard.read(card_path(weights))
    card_path(weights).unlink()
    with pytest.raises(ModelError, match="no model card"):
        OnnxClassifier(weights)
    assert OnnxClassifier(weights, card).card == card


def test_what_is_no_network_is_refused(make_weights: MakeWeights) -> None:
    from dataclasses import replace

    from mememoji.model_files import sha256_of

    weights = make_weights()
    weights.write_bytes(b"no network")
    card = replace(ModelCard.read(card_path(weights)), sha256=sha256_of(weights))
    with pytest.raises(ModelError, match="no network that ONNX Runtime can run"):
        OnnxClassifier(weights, card)


def test_damaged_weights_are_told(make_weights: MakeWeights) -> None:
    with pytest.raises(ModelError, match="not finite"):
        OnnxClassifier(make_weights(scale=np.nan)).classify(crops_of(1))


def test_threads_must_be_some(make_weights: MakeWeights) -> None:
    with pytest.raises(ValueError, match="got 0"):
        OnnxClassifier(make_weights(), threads=0)


def test_several_threads_get_what_one_gets(make_weights: MakeWeights) -> None:
    classifier = OnnxClassifier(make_weights(), threads=1)
    batches = [crops_of(count) for count in (1, 5, 70, 130) * 4]
    alone = [classifier.classify(batch).compositions() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda batch: classifier.classify(batch).compositions(), batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)

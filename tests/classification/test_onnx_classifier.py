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

from mememoji.classification.face_classifier import HEADS, Prediction
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier, softmax
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import ModelError
from mememoji.model_files import card_path
from mememoji.types import Float32Array

MakeWeights = Callable[..., Path]


def make_crops(count: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, 48, 48), np.uint8)


def uniform(count: int, classes: int) -> Float32Array:
    return np.full((count, classes), 1 / classes, np.float32)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_prediction_has_the_number_of_crops(count: int) -> None:
    prediction = Prediction(labels=uniform(count, 7), votes=uniform(count, 10))
    face_scores = prediction.compute_face_scores()
    assert len(prediction) == count
    assert prediction.compute_compositions().shape == (count, 6)
    assert face_scores is not None
    assert face_scores.shape == (count,)


def test_compositions_come_from_votes_if_there_are_any() -> None:
    happy = np.eye(10, dtype=np.float32)[[1]]
    sad = np.eye(7, dtype=np.float32)[[4]]
    assert Prediction(labels=sad, votes=happy).compute_compositions()[0].argmax() == 2
    assert Prediction(labels=sad, votes=None).compute_compositions()[0].argmax() == 3


def test_labels_alone_give_no_face_scores() -> None:
    assert Prediction(labels=uniform(1, 7), votes=None).compute_face_scores() is None


@pytest.mark.parametrize(
    ("labels", "votes"),
    [
        (None, None),
        (uniform(1, 6), None),
        (None, uniform(1, 7)),
        (np.ones(7, np.float32), None),
        (uniform(1, 7), uniform(2, 10)),
    ],
)
def test_invalid_prediction_raises(labels: Float32Array | None, votes: Float32Array | None) -> None:
    with pytest.raises(ValueError, match="got"):
        Prediction(labels=labels, votes=votes)


@settings(max_examples=50)
@given(arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 10)), elements=st.floats(-1000, 1000, width=32)))
def test_softmax_returns_probabilities_in_the_order_of_logits(logits: Float32Array) -> None:
    probs = softmax(logits)
    assert probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    best = np.take_along_axis(probs, logits.argmax(axis=1)[:, None], axis=1)
    assert (best == probs.max(axis=1, keepdims=True)).all()


def test_classify_without_crops_is_empty(make_weights: MakeWeights) -> None:
    prediction = OnnxClassifier(make_weights()).classify(make_crops(0))
    assert len(prediction) == 0
    assert prediction.compute_compositions().shape == (0, 6)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_classify_equals_the_bare_network(make_weights: MakeWeights, count: int) -> None:
    weights, crops = make_weights(), make_crops(count)
    prediction = OnnxClassifier(weights).classify(crops)
    pixels = ((crops.astype(np.float64) - 128) / 64).astype(np.float32)[:, None]
    logits = onnxruntime.InferenceSession(str(weights)).run(["labels", "votes"], {"crops": pixels})
    for probabilities, row in zip((prediction.labels, prediction.votes), logits, strict=True):
        powers = np.exp(row.astype(np.float64))
        assert probabilities is not None
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities, powers / powers.sum(axis=1, keepdims=True), atol=1e-4)


@pytest.mark.parametrize("head", ["labels", "votes"])
def test_classify_with_one_head(make_weights: MakeWeights, head: str) -> None:
    prediction = OnnxClassifier(make_weights(classes={head: HEADS[head]})).classify(make_crops(2))
    assert (prediction.labels is None, prediction.votes is None) == (head != "labels", head != "votes")
    np.testing.assert_allclose(prediction.compute_compositions().sum(axis=1), 1, atol=1e-5)


def test_class_order_is_read_from_the_card(make_weights: MakeWeights) -> None:
    straight = OnnxClassifier(make_weights()).classify(make_crops(3)).labels
    reversed_card = {"labels": FER2013_LABELS[::-1], "votes": FERPLUS_VOTES}
    labels = OnnxClassifier(make_weights(outputs=reversed_card)).classify(make_crops(3)).labels
    assert straight is not None
    assert labels is not None
    np.testing.assert_array_equal(labels, straight[:, ::-1])


def test_calibration_of_the_card_is_not_applied_again(make_weights: MakeWeights) -> None:
    plain = OnnxClassifier(make_weights()).classify(make_crops(3)).votes
    calibrated = OnnxClassifier(make_weights(temperatures={"votes": 3.0}, prob_floors={"votes": 0.01})).classify(
        make_crops(3)
    )
    np.testing.assert_array_equal(calibrated.votes, plain)


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
def test_classify_crops_of_another_form_raises(make_weights: MakeWeights, crops: Any) -> None:
    with pytest.raises(ValueError, match=r"crops must be \(N, 48, 48\) uint8, got"):
        OnnxClassifier(make_weights()).classify(crops)


@pytest.mark.parametrize(
    ("built", "message"),
    [
        ({"sha256": "0" * 64}, "does not match its card"),
        ({"input_name": "pixels"}, "expected one input 'pixels'"),
        ({"input_size": 64}, "expected one input 'crops'"),
        ({"batch": 4}, "with a dynamic N"),
        ({"outputs": {"emotions": FER2013_LABELS}}, "outputs must be labels or votes"),
        ({"outputs": {"labels": FER2013_LABELS[:6]}}, "classes of labels must be"),
        ({"classes": {"labels": FER2013_LABELS}, "outputs": {"votes": FERPLUS_VOTES}}, "expected an output 'votes'"),
        ({"classes": {"votes": FER2013_LABELS}, "outputs": {"votes": FERPLUS_VOTES}}, r"shape \(N, 10\)"),
    ],
)
def test_card_that_does_not_match_raises(make_weights: MakeWeights, built: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        OnnxClassifier(make_weights(**built))


def test_weights_without_a_card_raise(make_weights: MakeWeights) -> None:
    weights = make_weights()
    card = ModelCard.read(card_path(weights))
    card_path(weights).unlink()
    with pytest.raises(ModelError, match="no model card"):
        OnnxClassifier(weights)
    assert OnnxClassifier(weights, card).card == card


def test_file_that_is_not_a_network_raises(make_weights: MakeWeights) -> None:
    from dataclasses import replace

    from mememoji.model_files import compute_sha256

    weights = make_weights()
    weights.write_bytes(b"not a network")
    card = replace(ModelCard.read(card_path(weights)), sha256=compute_sha256(weights))
    with pytest.raises(ModelError, match="must be a network that ONNX Runtime can run"):
        OnnxClassifier(weights, card)


def test_weights_that_return_nan_raise(make_weights: MakeWeights) -> None:
    with pytest.raises(ModelError, match="must be finite"):
        OnnxClassifier(make_weights(scale=np.nan)).classify(make_crops(1))


def test_num_threads_of_zero_raises(make_weights: MakeWeights) -> None:
    with pytest.raises(ValueError, match="got 0"):
        OnnxClassifier(make_weights(), num_threads=0)


def test_classify_is_equal_in_several_threads(make_weights: MakeWeights) -> None:
    classifier = OnnxClassifier(make_weights(), num_threads=1)
    batches = [make_crops(count) for count in (1, 5, 70, 130) * 4]
    alone = [classifier.classify(batch).compute_compositions() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda batch: classifier.classify(batch).compute_compositions(), batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)

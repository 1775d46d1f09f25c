from pathlib import Path

import numpy as np

from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split
from mememoji.evaluation.classification.tta import BATCH_SIZE, predict_with_tta


def test_predict_without_images(pooled_weights: Path) -> None:
    found = predict_with_tta(OnnxClassifier(pooled_weights), np.zeros((0, 48, 48), np.uint8))
    assert len(found.single) == len(found.hflip_tta) == 0


def test_tta_is_the_mean_of_image_and_flip(pooled_weights: Path, pattern_split: Split) -> None:
    classifier = OnnxClassifier(pooled_weights)
    flipped = np.ascontiguousarray(pattern_split.images[:, :, ::-1])

    found, of_flipped = (predict_with_tta(classifier, images) for images in (pattern_split.images, flipped))

    for head in ("labels", "votes"):
        single = getattr(found.single, head)
        expected = (single + getattr(classifier.classify(flipped), head)) / 2
        np.testing.assert_allclose(getattr(found.hflip_tta, head), expected, atol=1e-6)
        np.testing.assert_allclose(getattr(of_flipped.hflip_tta, head), expected, atol=1e-6)
        assert np.abs(single - expected).max() > 0.1


def test_predictions_keep_their_order_across_batches(pooled_weights: Path, pattern_split: Split) -> None:
    classifier = OnnxClassifier(pooled_weights)
    images = np.concatenate([pattern_split.images] * 5)
    assert len(images) > BATCH_SIZE

    found = predict_with_tta(classifier, images)

    assert found.single.labels is not None
    assert np.array_equal(found.single.labels, np.tile(found.single.labels[: len(pattern_split)], (5, 1)))


def test_missing_head_stays_none(pattern_split: Split) -> None:
    found = predict_with_tta(FakeClassifier({"happy": 1.0}), pattern_split.images)
    assert found.hflip_tta.labels is None
    assert found.hflip_tta.votes is not None

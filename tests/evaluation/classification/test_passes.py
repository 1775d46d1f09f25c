from pathlib import Path

import numpy as np

from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split
from mememoji.evaluation.classification.passes import BATCH, read_passes


def test_no_pictures(pooled_weights: Path) -> None:
    found = read_passes(OnnxClassifier(pooled_weights), np.zeros((0, 48, 48), np.uint8))
    assert len(found.single) == len(found.mirrored) == 0


def test_mirrored_is_the_mean_of_both_sides(pooled_weights: Path, pattern_split: Split) -> None:
    classifier = OnnxClassifier(pooled_weights)
    flipped = np.ascontiguousarray(pattern_split.images[:, :, ::-1])

    found, other_way = (read_passes(classifier, images) for images in (pattern_split.images, flipped))

    for head in ("labels", "votes"):
        single = getattr(found.single, head)
        expected = (single + getattr(classifier.classify(flipped), head)) / 2
        np.testing.assert_allclose(getattr(found.mirrored, head), expected, atol=1e-6)
        np.testing.assert_allclose(getattr(other_way.mirrored, head), expected, atol=1e-6)
        assert np.abs(single - expected).max() > 0.1


def test_pictures_keep_their_order_over_batches(pooled_weights: Path, pattern_split: Split) -> None:
    classifier = OnnxClassifier(pooled_weights)
    images = np.concatenate([pattern_split.images] * 5)
    assert len(images) > BATCH

    found = read_passes(classifier, images)

    assert found.single.labels is not None
    assert np.array_equal(found.single.labels, np.tile(found.single.labels[: len(pattern_split)], (5, 1)))


def test_a_missing_head_stays_missing(pattern_split: Split) -> None:
    found = read_passes(FixedClassifier({"happy": 1.0}), pattern_split.images)
    assert found.mirrored.labels is None
    assert found.mirrored.votes is not None

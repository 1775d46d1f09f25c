import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.emotions import EMOTIONS, LABELS_TO_SIX
from mememoji.errors import DatasetError, ModelError
from mememoji.evaluation.classification.markdown import to_markdown, to_text
from mememoji.evaluation.classification.report import evaluate
from mememoji.model_files import sha256_of


@pytest.fixture
def data(pattern_split: Split, tmp_path: Path) -> Path:
    path = tmp_path / "val.parquet"
    write_split(pattern_split, path)
    return path


def test_a_split_without_pictures_is_refused(pattern_split: Split, tmp_path: Path) -> None:
    write_split(pattern_split.take(slice(0, 0)), tmp_path / "empty.parquet")
    with pytest.raises(DatasetError, match="holds no images"):
        evaluate(FixedClassifier({"happy": 1.0}), tmp_path / "empty.parquet")


def test_a_network_for_other_crops_is_refused(data: Path) -> None:
    class Larger(FixedClassifier):
        @property
        def card(self) -> ModelCard:
            return dataclasses.replace(super().card, side=64)

    with pytest.raises(ModelError, match=r"48x48.*64x64"):
        evaluate(Larger({"happy": 1.0}), data)


def test_the_report_says_what_a_direct_reading_says(pooled_weights: Path, pattern_split: Split, data: Path) -> None:
    classifier = OnnxClassifier(pooled_weights)
    probabilities = classifier.classify(pattern_split.images).labels
    assert probabilities is not None

    content = json.loads(json.dumps(evaluate(classifier, data).report.to_dict(), allow_nan=False))

    assert content["seven"]["accuracy"] == accuracy_score(pattern_split.labels, probabilities.argmax(axis=1))
    assert 0.3 < content["seven"]["accuracy"] < 1
    truth = LABELS_TO_SIX.argmax(axis=1)[pattern_split.labels]
    recalls = recall_score(truth, (probabilities @ LABELS_TO_SIX).argmax(axis=1), average=None)
    assert [content["six"]["recall"][emotion.value] for emotion in EMOTIONS] == pytest.approx(recalls.tolist())
    assert set(content["mirrored"]) == {"seven", "six", "six_from_votes", "calibration", "votes"}
    assert set(content["mirrored"]) < set(content)
    assert content["mirrored"]["seven"]["accuracy"] != content["seven"]["accuracy"]


def test_the_report_names_what_it_is_about(pooled_weights: Path, data: Path) -> None:
    report = evaluate(OnnxClassifier(pooled_weights), data).report

    assert report.weights["name"] == "pooled 1"
    assert report.weights["sha256"] == sha256_of(pooled_weights)
    assert report.data == {
        "file": "val.parquet",
        "sha256": sha256_of(data),
        "pictures": 70,
        "pictures_with_votes": 70,
    }


def test_a_class_that_no_picture_shows_is_null(pooled_weights: Path, pattern_split: Split, tmp_path: Path) -> None:
    path = tmp_path / "few.parquet"
    write_split(dataclasses.replace(pattern_split.take(np.flatnonzero(pattern_split.labels != 2)), votes=None), path)

    content = evaluate(OnnxClassifier(pooled_weights), path).report.to_dict()

    assert content["six"]["recall"]["fear"] is None
    assert content["six"]["recall"]["happy"] is not None
    assert content["votes"] is None
    assert content["references"] is None
    json.dumps(content, allow_nan=False)


def test_a_seed_gives_the_same_report_again(pooled_weights: Path, data: Path) -> None:
    first, again, other = (evaluate(OnnxClassifier(pooled_weights), data, seed=seed).report for seed in (1, 1, 2))

    assert first.references == again.references
    assert first.references != other.references
    assert first.single == again.single == other.single


def test_a_second_classifier_is_compared_on_the_same_crops(
    pooled_weights: Path, pattern_split: Split, data: Path
) -> None:
    classifier = OnnxClassifier(pooled_weights)
    report = evaluate(classifier, data, against=FixedClassifier({"happy": 1.0})).report

    assert report.single.six_from_votes is not None
    assert report.comparison is not None
    (pair,) = report.comparison.readings.values()
    assert pair.accuracy == report.single.six_from_votes.accuracy
    assert pair.accuracy_against == pytest.approx(10 / 70)
    assert pair.test.only_first - pair.test.only_second == round(70 * (pair.accuracy - pair.accuracy_against))
    assert "Against fixed" in to_markdown(report, [])
    assert "McNemar p" in to_text(report)
    assert evaluate(classifier, data).report.comparison is None

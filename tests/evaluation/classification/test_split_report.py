import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.emotions import EMOTIONS, LABELS_TO_SIX
from mememoji.errors import DatasetError, ModelError
from mememoji.evaluation.classification.split_markdown import render_split_markdown, render_split_text
from mememoji.evaluation.classification.split_report import evaluate
from mememoji.model_files import compute_sha256


@pytest.fixture
def data(pattern_split: Split, tmp_path: Path) -> Path:
    path = tmp_path / "val.parquet"
    write_split(pattern_split, path)
    return path


def test_evaluate_on_an_empty_split_is_rejected(pattern_split: Split, tmp_path: Path) -> None:
    write_split(pattern_split.take(slice(0, 0)), tmp_path / "empty.parquet")
    with pytest.raises(DatasetError, match="must hold images"):
        evaluate(FakeClassifier({"happy": 1.0}), tmp_path / "empty.parquet")


def test_evaluate_with_another_input_size_is_rejected(data: Path) -> None:
    class Larger(FakeClassifier):
        @property
        def card(self) -> ModelCard:
            return dataclasses.replace(super().card, input_size=64)

    with pytest.raises(ModelError, match=r"48x48.*64x64"):
        evaluate(Larger({"happy": 1.0}), data)


def test_report_matches_scores_of_direct_predictions(pooled_weights: Path, pattern_split: Split, data: Path) -> None:
    classifier = OnnxClassifier(pooled_weights)
    probabilities = classifier.classify(pattern_split.images).labels
    assert probabilities is not None

    content = json.loads(json.dumps(evaluate(classifier, data).report.to_dict(), allow_nan=False))

    assert content["fer7"]["accuracy"] == accuracy_score(pattern_split.labels, probabilities.argmax(axis=1))
    assert 0.3 < content["fer7"]["accuracy"] < 1
    truth = LABELS_TO_SIX.argmax(axis=1)[pattern_split.labels]
    recalls = recall_score(truth, (probabilities @ LABELS_TO_SIX).argmax(axis=1), average=None)
    assert [content["six"]["recall"][emotion.value] for emotion in EMOTIONS] == pytest.approx(recalls.tolist())
    assert set(content["hflip_tta"]) == {"fer7", "six", "six_from_ferplus", "calibration", "votes"}
    assert set(content["hflip_tta"]) < set(content)
    assert content["hflip_tta"]["fer7"]["accuracy"] != content["fer7"]["accuracy"]


def test_report_identifies_weights_and_data(pooled_weights: Path, data: Path) -> None:
    report = evaluate(OnnxClassifier(pooled_weights), data).report

    assert report.weights["name"] == "pooled 1"
    assert report.weights["sha256"] == compute_sha256(pooled_weights)
    assert report.data == {
        "file": "val.parquet",
        "sha256": compute_sha256(data),
        "images": 70,
        "images_with_votes": 70,
    }


def test_class_without_images_is_null(pooled_weights: Path, pattern_split: Split, tmp_path: Path) -> None:
    path = tmp_path / "few.parquet"
    write_split(dataclasses.replace(pattern_split.take(np.flatnonzero(pattern_split.labels != 2)), votes=None), path)

    content = evaluate(OnnxClassifier(pooled_weights), path).report.to_dict()

    assert content["six"]["recall"]["fear"] is None
    assert content["six"]["recall"]["happy"] is not None
    assert content["votes"] is None
    assert content["baselines"] is None
    json.dumps(content, allow_nan=False)


def test_same_seed_gives_the_same_report(pooled_weights: Path, data: Path) -> None:
    first, again, other = (evaluate(OnnxClassifier(pooled_weights), data, seed=seed).report for seed in (1, 1, 2))

    assert first.baselines == again.baselines
    assert first.baselines != other.baselines
    assert first.single == again.single == other.single


def test_second_classifier_is_compared_on_the_same_crops(
    pooled_weights: Path, pattern_split: Split, data: Path
) -> None:
    classifier = OnnxClassifier(pooled_weights)
    report = evaluate(classifier, data, against=FakeClassifier({"happy": 1.0})).report

    assert report.single.six_from_ferplus is not None
    assert report.comparison is not None
    (pair,) = report.comparison.decision_rules.values()
    assert pair.accuracy == report.single.six_from_ferplus.accuracy
    assert pair.accuracy_against == pytest.approx(10 / 70)
    assert pair.test.only_first - pair.test.only_second == round(70 * (pair.accuracy - pair.accuracy_against))
    assert "Against fake" in render_split_markdown(report, [])
    assert "McNemar p" in render_split_text(report)
    assert evaluate(classifier, data).report.comparison is None

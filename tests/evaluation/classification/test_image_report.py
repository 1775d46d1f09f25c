import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import accuracy_score

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split
from mememoji.detection.fake_detector import FakeDetector
from mememoji.emotions import EMOTIONS, LABELS_TO_SIX
from mememoji.evaluation.classification.image_report import evaluate_images
from mememoji.image_io import read_image
from mememoji.model_files import compute_sha256
from tests.evaluation.classification.test_labeled_faces import write_rows
from tests.evaluation.conftest import NUM_SMALL


def content(analyzer: Analyzer, path: Path, **options: Any) -> dict[str, Any]:
    report = evaluate_images(analyzer, path, **options).report
    found: dict[str, Any] = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    return found


def test_images_without_a_face_are_errors(analyzer: Analyzer, pattern_split: Split, labeled_folder: Path) -> None:
    found = content(analyzer, labeled_folder)

    prediction = analyzer.classifier.classify(pattern_split.images)
    assert prediction.labels is not None
    images = len(pattern_split) + NUM_SMALL
    num_correct = accuracy_score(pattern_split.labels, prediction.labels.argmax(axis=1)) * len(pattern_split)
    fer7, composition = found["decision_rules"]["labels_fer7"], found["decision_rules"]["composition"]
    assert fer7["accuracy"] == pytest.approx(num_correct / images)
    truth = LABELS_TO_SIX.argmax(axis=1)[pattern_split.labels]
    num_correct = accuracy_score(truth, prediction.compute_compositions().argmax(axis=1)) * len(pattern_split)
    assert composition["accuracy"] == pytest.approx(num_correct / images)
    assert composition["lowest_recall"]["recall"] == min(composition["recall"].values())
    assert composition["top_2_accuracy"] <= len(pattern_split) / images
    assert composition["no_face"] == {emotion.value: 2 if emotion == "angry" else 1 for emotion in EMOTIONS}
    assert sum(map(sum, composition["confusion"])) == found["data"]["faces"] == len(pattern_split)
    assert found["no_face_rate"] == pytest.approx(NUM_SMALL / images)
    assert sum(bin_["images"] for bin_ in composition["calibration"]["bins"]) == len(pattern_split)


def test_composition_matches_the_analyzer(astronaut_path: Path, tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "astronaut.png").write_bytes(astronaut_path.read_bytes())
    analyzer = Analyzer()

    evaluation = evaluate_images(analyzer, tmp_path)

    (face,) = analyzer.analyze(astronaut_path).faces
    assert evaluation.prediction.compute_compositions()[0].tolist() == pytest.approx(face.composition.fractions)
    assert evaluation.report.decision_rules["composition"].scores.accuracy == (face.top == "happy")
    assert evaluation.report.false_rejection_rate == 0.0
    assert evaluation.report.detector == {"name": "compact", "margin": 0.0, "align": True, "use_boxes": False}


def test_a_face_score_below_the_threshold_is_a_false_rejection(labeled_folder: Path, analyzer: Analyzer) -> None:
    classifier = FakeClassifier({"happy": 1.0}, face_score=0.4)
    found = content(Analyzer(analyzer.detector, classifier), labeled_folder)

    assert found["false_rejection_rate"] == 1.0
    assert list(found["decision_rules"]) == ["composition"]


def test_report_without_any_face(labeled_folder: Path, pooled_weights: Path) -> None:
    found = content(Analyzer(FakeDetector(), pooled_weights), labeled_folder)

    assert found["no_face_rate"] == 1.0
    assert found["false_rejection_rate"] is None
    assert found["decision_rules"]["composition"]["accuracy"] == 0.0
    assert found["decision_rules"]["composition"]["calibration"]["expected_calibration_error"] is None


def test_sources_are_scored_separately(astronaut_path: Path, tmp_path: Path) -> None:
    images = [astronaut_path.read_bytes()] * 3
    path = write_rows(tmp_path / "a.parquet", image=images, label=["happy", "happy", "sad"], source=["a", "b", "b"])
    found = content(Analyzer("full-image", FakeClassifier({"happy": 1.0})), path)

    assert found["by_source"]["a"] == {"images": 1, "no_face": 0, "accuracy": {"composition": 1.0}}
    assert found["by_source"]["b"]["accuracy"] == {"composition": 0.5}
    assert found["data"]["name"] == f"{tmp_path.name}/a.parquet"
    assert found["data"]["sha256"] == compute_sha256(path)


def test_second_classifier_is_compared_on_the_same_faces(
    analyzer: Analyzer, pooled_weights: Path, labeled_folder: Path
) -> None:
    same = content(analyzer, labeled_folder, against=OnnxClassifier(pooled_weights))["comparison"]
    happy = content(analyzer, labeled_folder, against=FakeClassifier({"happy": 1.0}))

    assert same["against"]["name"] == "pooled 1"
    assert [pair["test"]["p_value"] for pair in same["decision_rules"].values()] == [1.0] * 3
    (pair,) = happy["comparison"]["decision_rules"].values()
    assert pair["accuracy"] == happy["decision_rules"]["composition"]["accuracy"]
    assert pair["accuracy_against"] == pytest.approx(10 / 77)
    assert pair["test"]["p_value"] < 1e-6


def test_margin_changes_the_crops(astronaut_path: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.parquet", image=[astronaut_path.read_bytes()], label=["happy"])
    crops = [evaluate_images(Analyzer(margin=margin), path).faces.crops[0] for margin in (None, 0.25)]

    height = read_image(astronaut_path).shape[0]
    assert height == 512
    assert crops[0].shape == crops[1].shape == (1, 48, 48)
    assert (crops[0] != crops[1]).any()

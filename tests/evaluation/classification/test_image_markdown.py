import re
from pathlib import Path

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.detection.fake_detector import FakeDetector
from mememoji.evaluation.classification.image_figures import MAX_ERRORS, plot_errors
from mememoji.evaluation.classification.image_markdown import (
    IMAGE_CAPTIONS,
    list_main_image_scores,
    render_image_markdown,
    render_image_text,
)
from mememoji.evaluation.classification.image_report import ImageEvaluation, evaluate_images
from mememoji.evaluation.classification.report_writer import write_image_report, write_summary
from mememoji.evaluation.classification.split_report import evaluate
from mememoji.evaluation.classification.summary import render_summary_text
from mememoji.evaluation.markdown import format_percent


@pytest.fixture(scope="module")
def evaluation(analyzer: Analyzer, labeled_folder: Path, pooled_weights: Path) -> ImageEvaluation:
    return evaluate_images(analyzer, labeled_folder, against=OnnxClassifier(pooled_weights))


def table_lines(text: str) -> list[list[str]]:
    return [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]


def test_image_report_is_written_with_all_figures(evaluation: ImageEvaluation, tmp_path: Path) -> None:
    files = write_image_report(evaluation, tmp_path)

    assert {file.name for file in files} == {*IMAGE_CAPTIONS, "images.md", "images.json"}
    assert sorted(files) == sorted(tmp_path.iterdir())
    text = (tmp_path / "images.md").read_text(encoding="utf-8")
    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)) == set(IMAGE_CAPTIONS)
    assert " nan" not in text
    assert all(len({line.count("|") for line in lines}) == 1 for lines in table_lines(text))


def test_without_faces_no_errors_are_shown(evaluation: ImageEvaluation, tmp_path: Path) -> None:
    for name in ("images-errors.png", "report.md"):
        (tmp_path / name).write_text("earlier")

    write_image_report(evaluation, tmp_path, show_faces=False)

    assert not (tmp_path / "images-errors.png").exists()
    assert "images-errors" not in (tmp_path / "images.md").read_text(encoding="utf-8")
    assert (tmp_path / "report.md").read_text() == "earlier"


def test_main_image_scores_have_a_column_for_each_rule(evaluation: ImageEvaluation) -> None:
    rows = {row[0]: row[1:] for row in list_main_image_scores(evaluation.report)}

    found = evaluation.report.decision_rules
    assert [text.split(" ± ")[0] for text in rows["accuracy"]] == [
        format_percent(r.scores.accuracy) for r in found.values()
    ]
    assert rows["lowest recall"][0].startswith(format_percent(found["composition"].scores.lowest_recall[1]))


def test_text_lines_are_short(evaluation: ImageEvaluation) -> None:
    text = render_image_text(evaluation.report)

    assert max(map(len, text.splitlines())) <= 80
    assert "no face found: 7 of 77 images (9.1 %)" in text
    assert "McNemar p" in text


def test_report_without_any_face_is_rendered(labeled_folder: Path) -> None:
    evaluation = evaluate_images(Analyzer(FakeDetector(), FakeClassifier({"happy": 1.0})), labeled_folder)

    text = render_image_markdown(evaluation.report, []) + render_image_text(evaluation.report)
    assert "nan" not in text
    assert "no face found: 77 of 77 images (100.0 %)" in text
    assert plot_errors(evaluation) is None


def test_errors_are_sorted_by_descending_confidence(evaluation: ImageEvaluation) -> None:
    figure = plot_errors(evaluation)

    assert figure is not None
    (axes,) = figure.axes
    shown = [text.get_text() for text in axes.texts if text.get_text().startswith("→ ")]
    assert len(shown) == len(axes.images)
    confidence = [int(text.split()[-1]) for text in shown]
    assert 0 < len(shown) <= MAX_ERRORS
    assert confidence == sorted(confidence, reverse=True)
    wrong = ~np.asarray(
        evaluation.prediction.compute_compositions().argmax(axis=1)
        == np.array([0, 0, 1, 2, 3, 4, 5])[evaluation.labels]
    )
    assert len(shown) == wrong.sum()


def test_summary_has_both_heads_on_both_datasets(
    evaluation: ImageEvaluation, pattern_split: Split, pooled_weights: Path, tmp_path: Path
) -> None:
    write_split(pattern_split, tmp_path / "val.parquet")
    split = evaluate(OnnxClassifier(pooled_weights), tmp_path / "val.parquet").report

    path = write_summary(split, evaluation.report, tmp_path / "out")

    (lines,) = table_lines(path.read_text(encoding="utf-8"))
    assert lines[0].count("val.parquet, ") == 2
    assert f"{evaluation.report.data['name']}, composition" in lines[0]
    assert split.single.fer7 is not None
    expected = [split.single.fer7, evaluation.report.decision_rules["labels_fer7"].scores]
    accuracies = [cell for cell in lines[2].split("|")[2:-1] if cell.strip()]
    assert [cell.split(" ± ")[0].strip() for cell in accuracies] == [
        format_percent(scores.accuracy) for scores in expected
    ]
    assert len(render_summary_text(split, evaluation.report).splitlines()) == len(lines) - 1

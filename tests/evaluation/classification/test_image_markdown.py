import re
from pathlib import Path

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.detection.fake_detector import FixedDetector
from mememoji.evaluation.classification.image_figures import MAX_ERRORS, error_sheet
from mememoji.evaluation.classification.image_markdown import CAPTIONS, image_headline, image_markdown, image_text
from mememoji.evaluation.classification.image_report import ImageEvaluation, evaluate_images
from mememoji.evaluation.classification.markdown import percent
from mememoji.evaluation.classification.report import evaluate
from mememoji.evaluation.classification.report_folder import write_image_report, write_summary
from mememoji.evaluation.classification.summary import summary_text


@pytest.fixture(scope="module")
def evaluation(analyzer: Analyzer, labeled_folder: Path, pooled_weights: Path) -> ImageEvaluation:
    return evaluate_images(analyzer, labeled_folder, against=OnnxClassifier(pooled_weights))


def table_lines(text: str) -> list[list[str]]:
    return [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]


def test_a_report_is_written_with_all_its_figures(evaluation: ImageEvaluation, tmp_path: Path) -> None:
    files = write_image_report(evaluation, tmp_path)

    assert {file.name for file in files} == {*CAPTIONS, "images.md", "images.json"}
    assert sorted(files) == sorted(tmp_path.iterdir())
    text = (tmp_path / "images.md").read_text(encoding="utf-8")
    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)) == set(CAPTIONS)
    assert " nan" not in text
    assert all(len({line.count("|") for line in lines}) == 1 for lines in table_lines(text))


def test_without_pictures_no_face_is_shown(evaluation: ImageEvaluation, tmp_path: Path) -> None:
    for name in ("images-errors.png", "report.md"):
        (tmp_path / name).write_text("earlier")

    write_image_report(evaluation, tmp_path, pictures=False)

    assert not (tmp_path / "images-errors.png").exists()
    assert "images-errors" not in (tmp_path / "images.md").read_text(encoding="utf-8")
    assert (tmp_path / "report.md").read_text() == "earlier"


def test_the_headline_has_a_column_for_each_reading(evaluation: ImageEvaluation) -> None:
    rows = {row[0]: row[1:] for row in image_headline(evaluation.report)}

    found = evaluation.report.readings
    assert [text.split(" ± ")[0] for text in rows["accuracy"]] == [percent(r.scores.accuracy) for r in found.values()]
    assert rows["lowest recall"][0].startswith(percent(found["composition"].scores.lowest_recall[1]))


def test_a_terminal_s_lines_are_short(evaluation: ImageEvaluation) -> None:
    text = image_text(evaluation.report)

    assert max(map(len, text.splitlines())) <= 80
    assert "no face in 7 of 77 images (9.1 %)" in text
    assert "McNemar p" in text


def test_nothing_found_is_readable(labeled_folder: Path) -> None:
    evaluation = evaluate_images(Analyzer(FixedDetector(), FixedClassifier({"happy": 1.0})), labeled_folder)

    text = image_markdown(evaluation.report, []) + image_text(evaluation.report)
    assert "nan" not in text
    assert "no face in 77 of 77 images (100.0 %)" in text
    assert error_sheet(evaluation) is None


def test_the_error_sheet_begins_with_the_most_confident(evaluation: ImageEvaluation) -> None:
    figure = error_sheet(evaluation)

    assert figure is not None
    shown = [axes.texts[0].get_text() for axes in figure.axes if axes.images]
    confidence = [int(text.split()[-1]) for text in shown]
    assert 0 < len(shown) <= MAX_ERRORS
    assert confidence == sorted(confidence, reverse=True)
    wrong = ~np.asarray(
        evaluation.prediction.compositions().argmax(axis=1) == np.array([0, 0, 1, 2, 3, 4, 5])[evaluation.labels]
    )
    assert len(shown) == wrong.sum()


def test_a_summary_has_both_heads_on_both_datasets(
    evaluation: ImageEvaluation, pattern_split: Split, pooled_weights: Path, tmp_path: Path
) -> None:
    write_split(pattern_split, tmp_path / "val.parquet")
    split = evaluate(OnnxClassifier(pooled_weights), tmp_path / "val.parquet").report

    path = write_summary(split, evaluation.report, tmp_path / "out")

    (lines,) = table_lines(path.read_text(encoding="utf-8"))
    assert lines[0].count("val.parquet, ") == 2
    assert f"{evaluation.report.data['name']}, composition" in lines[0]
    assert split.single.seven is not None
    expected = [split.single.seven, evaluation.report.readings["labels_seven"].scores]
    accuracies = [cell for cell in lines[2].split("|")[2:-1] if cell.strip()]
    assert [cell.split(" ± ")[0].strip() for cell in accuracies] == [percent(scores.accuracy) for scores in expected]
    assert len(summary_text(split, evaluation.report).splitlines()) == len(lines) - 1

from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.emotions import Emotion
from mememoji.evaluation.classification.classification_figures import EXAMPLES, confusion, examples, reliability
from mememoji.evaluation.classification.report import evaluate
from mememoji.evaluation.classification.scores import SIX, score_classes
from mememoji.evaluation.reliability import reliability as hold


def test_confusion_of_nothing_draws_zeros() -> None:
    figure = confusion(score_classes(np.zeros((0, 6)), np.zeros(0, np.int64), SIX))
    assert [text.get_text() for text in figure.axes[0].texts] == ["0", "0 %"] * 36


def test_confusion_shows_counts_and_colors() -> None:
    truth = np.array([0, 0, 0, 2])
    figure = confusion(score_classes(np.eye(6)[[0, 0, 5, 2]], truth, SIX))
    axes = figure.axes[0]

    texts = [text.get_text() for text in axes.texts]
    assert texts[:2] == ["2", "67 %"]
    assert texts[10:12] == ["1", "33 %"]
    assert [label.get_color() for label in axes.get_yticklabels()] == [emotion.color for emotion in Emotion]
    names = [label for label in axes.get_xticklabels() if label.get_text()]
    assert [label.get_color() for label in names] == [emotion.color for emotion in Emotion]


def test_confusion_has_a_column_for_images_without_a_face() -> None:
    figure = confusion(score_classes(np.eye(6)[[0]], np.array([0]), SIX, no_face=np.array([0, 3])))
    axes = figure.axes[0]

    assert [label.get_text() for label in axes.get_xticklabels()] == [*SIX, "no face"]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:2] == texts[12:14] == ["1", "50 %"]
    assert axes.get_yticklabels()[3].get_text() == "sad\n1"


def test_reliability_has_a_diagram_for_each_head() -> None:
    figure = reliability({"labels": hold(np.array([0.7]), np.ones(1)), "votes": hold(np.zeros(0), np.zeros(0))})
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["labels: calibration error 30.0 %", "votes: not measured"]


@pytest.mark.parametrize("pictures", [1, 7, 70])
def test_examples_number_the_first_two_choices(
    pictures: int, pooled_weights: Path, pattern_split: Split, tmp_path: Path
) -> None:
    write_split(pattern_split.take(slice(0, pictures)), tmp_path / "some.parquet")
    figure = examples(evaluate(OnnxClassifier(pooled_weights), tmp_path / "some.parquet"))

    faces = [axes for axes in figure.axes if axes.images]
    marks = [[text.get_text() for text in axes.texts] for axes in figure.axes if axes.texts]
    assert len(faces) == len(marks) == min(pictures, EXAMPLES)
    assert all(sorted(mark) == ["1", "2"] for mark in marks)
    verdicts = {axes.get_title(loc="left").split()[-1] for axes in faces}
    assert verdicts <= {"✓", "2nd", "3rd", "✗"}

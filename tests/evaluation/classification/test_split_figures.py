from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.emotions import Emotion
from mememoji.evaluation.classification.scores import SIX_CLASSES, score_classes
from mememoji.evaluation.classification.split_figures import NUM_EXAMPLES, plot_examples
from mememoji.evaluation.classification.split_report import evaluate
from mememoji.evaluation.plots import plot_confusion, plot_reliability
from mememoji.evaluation.reliability import compute_reliability


def test_confusion_of_no_images_shows_zeros() -> None:
    figure = plot_confusion(score_classes(np.zeros((0, 6)), np.zeros(0, np.int64), SIX_CLASSES))
    assert [text.get_text() for text in figure.axes[0].texts] == ["0", "0 %"] * 36


def test_confusion_shows_counts_and_colors() -> None:
    truth = np.array([0, 0, 0, 2])
    figure = plot_confusion(score_classes(np.eye(6)[[0, 0, 5, 2]], truth, SIX_CLASSES))
    axes = figure.axes[0]

    texts = [text.get_text() for text in axes.texts]
    assert texts[:2] == ["2", "67 %"]
    assert texts[10:12] == ["1", "33 %"]
    assert [label.get_color() for label in axes.get_yticklabels()] == [emotion.color for emotion in Emotion]
    names = [label for label in axes.get_xticklabels() if label.get_text()]
    assert [label.get_color() for label in names] == [emotion.color for emotion in Emotion]


def test_confusion_has_a_column_for_images_without_a_face() -> None:
    figure = plot_confusion(score_classes(np.eye(6)[[0]], np.array([0]), SIX_CLASSES, no_face=np.array([0, 3])))
    axes = figure.axes[0]

    assert [label.get_text() for label in axes.get_xticklabels()] == [*SIX_CLASSES, "no face"]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:2] == texts[12:14] == ["1", "50 %"]
    assert axes.get_yticklabels()[3].get_text() == "sad\n1"


def test_reliability_has_a_diagram_for_each_head() -> None:
    figure = plot_reliability(
        {
            "labels": compute_reliability(np.array([0.7]), np.ones(1)),
            "votes": compute_reliability(np.zeros(0), np.zeros(0)),
        }
    )
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["labels: calibration error 30.0 %", "votes: not measured"]


@pytest.mark.parametrize("num_images", [1, 7, 70])
def test_examples_number_the_two_largest_fractions(
    num_images: int, pooled_weights: Path, pattern_split: Split, tmp_path: Path
) -> None:
    write_split(pattern_split.take(slice(0, num_images)), tmp_path / "some.parquet")
    figure = plot_examples(evaluate(OnnxClassifier(pooled_weights), tmp_path / "some.parquet"))

    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    shown = min(num_images, NUM_EXAMPLES)
    assert len(axes.images) == texts.count("1") == texts.count("2") == shown
    assert sum(text.endswith(("  ✓", "  2nd", "  3rd", "  ✗")) for text in texts) == shown

from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.evaluation.classification.split_markdown import list_main_scores, render_split_markdown, render_split_text
from mememoji.evaluation.classification.split_report import SplitReport, evaluate
from mememoji.evaluation.markdown import format_percent


@pytest.fixture(scope="module")
def report(pooled_weights: Path, pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> SplitReport:
    data = tmp_path_factory.mktemp("data") / "val.parquet"
    # Without "fear" images: unmeasured scores must be rendered too.
    write_split(pattern_split.take(np.flatnonzero(pattern_split.labels != 2)), data)
    return evaluate(OnnxClassifier(pooled_weights), data).report


@pytest.mark.parametrize(("fraction", "text"), [(float("nan"), "–"), (0.0, "0.0"), (0.70456, "70.5"), (1.0, "100.0")])
def test_format_percent(fraction: float, text: str) -> None:
    assert format_percent(fraction) == text


def test_main_scores_match_the_report(report: SplitReport) -> None:
    rows = {name: (single, hflip_tta) for name, single, hflip_tta in list_main_scores(report)}

    assert report.single.fer7 is not None
    assert report.hflip_tta.fer7 is not None
    assert report.single.six is not None
    expected = tuple(
        f"{format_percent(scores.accuracy)} ± {format_percent(scores.standard_error)}"
        for scores in (report.single.fer7, report.hflip_tta.fer7)
    )
    assert rows["accuracy, 7 classes"] == expected
    lowest = min(value for value in report.single.six.recall.values() if value == value)
    assert rows["lowest recall, 6"][0].startswith(format_percent(lowest))


def test_tables_are_well_formed(report: SplitReport) -> None:
    for block in render_split_markdown(report, []).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_markdown_states_the_number_of_images(report: SplitReport) -> None:
    text = render_split_markdown(report, [])

    assert report.single.votes is not None
    assert report.single.votes.majority is not None
    assert f"{report.single.votes.majority.images:,} of {report.data['images']:,} images" in text
    assert "human panel" in text
    assert "class prior" in text
    assert "| fear | 0 |" in text


def test_text_lines_are_short_and_aligned(report: SplitReport) -> None:
    lines = render_split_text(report).splitlines()

    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    assert len({len(line) for line in lines if line.endswith(tuple("0123456789"))}) == 1

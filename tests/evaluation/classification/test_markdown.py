from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.evaluation.classification.markdown import headline, percent, to_markdown, to_text
from mememoji.evaluation.classification.report import Report, evaluate


@pytest.fixture(scope="module")
def report(pooled_weights: Path, pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Report:
    data = tmp_path_factory.mktemp("data") / "val.parquet"
    # Without "fear" images: what was not measured has to be readable too.
    write_split(pattern_split.take(np.flatnonzero(pattern_split.labels != 2)), data)
    return evaluate(OnnxClassifier(pooled_weights), data).report


@pytest.mark.parametrize(("share", "text"), [(float("nan"), "–"), (0.0, "0.0"), (0.70456, "70.5"), (1.0, "100.0")])
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_headline_is_in_the_report_s_figures(report: Report) -> None:
    rows = {name: (single, mirrored) for name, single, mirrored in headline(report)}

    assert report.single.seven is not None
    assert report.mirrored.seven is not None
    assert report.single.six is not None
    expected = tuple(
        f"{percent(scores.accuracy)} ± {percent(scores.standard_error)}"
        for scores in (report.single.seven, report.mirrored.seven)
    )
    assert rows["accuracy, 7 classes"] == expected
    lowest = min(value for value in report.single.six.recall.values() if value == value)
    assert rows["lowest recall, 6"][0].startswith(percent(lowest))


def test_tables_are_well_formed(report: Report) -> None:
    for block in to_markdown(report, []).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_the_text_says_on_which_pictures(report: Report) -> None:
    text = to_markdown(report, [])

    assert report.single.votes is not None
    assert report.single.votes.majority is not None
    assert f"{report.single.votes.majority.pictures:,} of {report.data['pictures']:,} images" in text
    assert "panel of five" in text
    assert "class prior" in text
    assert "| fear | 0 |" in text


def test_a_terminal_s_lines_are_short_and_aligned(report: Report) -> None:
    lines = to_text(report).splitlines()

    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    assert len({len(line) for line in lines if line.endswith(tuple("0123456789"))}) == 1

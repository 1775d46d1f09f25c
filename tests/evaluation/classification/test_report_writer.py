import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import RunError
from mememoji.evaluation.classification.report_writer import write_split_report
from mememoji.evaluation.classification.split_figures import SPLIT_FIGURES
from mememoji.evaluation.classification.split_report import SplitEvaluation, evaluate


@pytest.fixture(scope="module")
def evaluation(pooled_weights: Path, pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> SplitEvaluation:
    data = tmp_path_factory.mktemp("data") / "val.parquet"
    write_split(pattern_split, data)
    return evaluate(OnnxClassifier(pooled_weights), data)


@pytest.fixture(scope="module")
def written(evaluation: SplitEvaluation, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_split_report(evaluation, tmp_path_factory.mktemp("reports") / "deep" / "out")


def test_report_folder_contains_exactly_the_report_files(evaluation: SplitEvaluation, written: list[Path]) -> None:
    out = written[-1].parent

    assert sorted(written) == sorted(out.iterdir())
    assert {file.name for file in written} == {*SPLIT_FIGURES, "report.md", "report.json"}
    assert json.loads((out / "report.json").read_text())["fer7"] == evaluation.report.to_dict()["fer7"]
    for name in SPLIT_FIGURES:
        assert np.asarray(Image.open(out / name).convert("RGB")).std() > 5


def test_markdown_shows_every_figure(evaluation: SplitEvaluation, written: list[Path]) -> None:
    text = (written[-1].parent / "report.md").read_text(encoding="utf-8")

    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)) == set(SPLIT_FIGURES)
    assert evaluation.report.weights["sha256"] in text
    assert evaluation.report.data["sha256"] in text
    assert " nan" not in text


def test_without_faces_stale_examples_are_deleted(evaluation: SplitEvaluation, tmp_path: Path) -> None:
    for name in ("examples.png", "report.json", "notes.txt"):
        (tmp_path / name).write_text("earlier")

    files = write_split_report(evaluation, tmp_path, show_faces=False)

    assert not (tmp_path / "examples.png").exists()
    assert "examples.png" not in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report.json").read_text())["format"] == 1
    assert (tmp_path / "notes.txt").read_text() == "earlier"
    assert sorted(tmp_path.iterdir()) == sorted([*files, tmp_path / "notes.txt"])


def test_report_of_a_votes_head_only(pattern_split: Split, tmp_path: Path) -> None:
    write_split(pattern_split.take(slice(0, 5)), tmp_path / "five.parquet")
    classifier = FakeClassifier({"happy": 0.6, "sad": 0.4}, {"neutral": 1.0})

    files = write_split_report(evaluate(classifier, tmp_path / "five.parquet"), tmp_path / "out")

    assert {file.name for file in files} == {"reliability.png", "examples.png", "report.md", "report.json"}
    assert json.loads((tmp_path / "out" / "report.json").read_text())["fer7"] is None


def test_unwritable_folder_is_an_error(evaluation: SplitEvaluation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write into .*--out"):
        write_split_report(evaluation, tmp_path / "file")

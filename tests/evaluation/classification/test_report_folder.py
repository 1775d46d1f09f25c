import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import RunError
from mememoji.evaluation.classification.classification_figures import FILES
from mememoji.evaluation.classification.report import Evaluation, evaluate
from mememoji.evaluation.classification.report_folder import write_report


@pytest.fixture(scope="module")
def evaluation(pooled_weights: Path, pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    data = tmp_path_factory.mktemp("data") / "val.parquet"
    write_split(pattern_split, data)
    return evaluate(OnnxClassifier(pooled_weights), data)


@pytest.fixture(scope="module")
def written(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_report(evaluation, tmp_path_factory.mktemp("reports") / "deep" / "out")


def test_everything_lies_in_the_folder_and_nothing_else(evaluation: Evaluation, written: list[Path]) -> None:
    out = written[-1].parent

    assert sorted(written) == sorted(out.iterdir())
    assert {file.name for file in written} == {*FILES, "report.md", "report.json"}
    assert json.loads((out / "report.json").read_text())["seven"] == evaluation.report.to_dict()["seven"]
    for name in FILES:
        assert np.asarray(Image.open(out / name).convert("RGB")).std() > 5


def test_the_text_shows_every_figure_that_lies_beside_it(evaluation: Evaluation, written: list[Path]) -> None:
    text = (written[-1].parent / "report.md").read_text(encoding="utf-8")

    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)) == set(FILES)
    assert evaluation.report.weights["sha256"] in text
    assert evaluation.report.data["sha256"] in text
    assert " nan" not in text


def test_without_pictures_no_earlier_ones_stay(evaluation: Evaluation, tmp_path: Path) -> None:
    for name in ("examples.png", "report.json", "notes.txt"):
        (tmp_path / name).write_text("earlier")

    files = write_report(evaluation, tmp_path, pictures=False)

    assert not (tmp_path / "examples.png").exists()
    assert "examples.png" not in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report.json").read_text())["format"] == 1
    assert (tmp_path / "notes.txt").read_text() == "earlier"
    assert sorted(tmp_path.iterdir()) == sorted([*files, tmp_path / "notes.txt"])


def test_weights_with_the_votes_head_alone(pattern_split: Split, tmp_path: Path) -> None:
    write_split(pattern_split.take(slice(0, 5)), tmp_path / "five.parquet")
    classifier = FixedClassifier({"happy": 0.6, "sad": 0.4}, {"neutral": 1.0})

    files = write_report(evaluate(classifier, tmp_path / "five.parquet"), tmp_path / "out")

    assert {file.name for file in files} == {"reliability.png", "examples.png", "report.md", "report.json"}
    assert json.loads((tmp_path / "out" / "report.json").read_text())["seven"] is None


def test_a_folder_that_cannot_be_is_one_sentence(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write into .*--out"):
        write_report(evaluation, tmp_path / "file")

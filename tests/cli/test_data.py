import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.datasets.splits import read_split


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three rows of train, of which the last equals the one of val."""
    lines = ["emotion,pixels,Usage"]
    for shift, usage in ((0, "Training"), (5, "Training"), (9, "Training"), (9, "PublicTest")):
        pixels = " ".join(str((shift * y * 7 + (shift + 3) * x * x) % 256) for y in range(48) for x in range(48))
        lines.append(f"3,{pixels},{usage}")
    path = tmp_path / "fer2013.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_without_a_source_usage_is_shown() -> None:
    result = CliRunner().invoke(app, ["data", "prepare"])

    assert result.exit_code == 2
    assert "source" in result.output.lower()


def test_prepare_says_what_it_wrote(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "prepared"

    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert "train       2 pictures: angry 0, fear 0, happy 2, sad 0, surprise 0, neutral 0" in result.output
    assert "1 pictures show the same photograph as a held-out one: left out of train" in result.output
    assert f"written to {out}" in result.output
    assert json.loads((out / "card.json").read_text())["source"]["name"] == "fer2013.csv"


def test_prepare_keeps_duplicates_where_asked(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "prepared"

    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(out), "--keep-duplicates"])

    assert result.exit_code == 0, result.output
    assert "kept in train, as asked" in result.output
    assert len(read_split(out / "train.parquet")) == 3


def test_an_error_is_one_line_and_an_exit_code(source: Path, tmp_path: Path) -> None:
    with source.open("a") as file:
        file.write("3,1 2 3,Training\n")

    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(tmp_path / "prepared")])

    assert result.exit_code == 1
    assert "row 4: expected 2304 pixels, got 3" in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "prepared").exists()


def test_the_official_sample_with_its_votes(shared: Path, tmp_path: Path) -> None:
    sample, votes = (shared / "data" / name for name in ("fer2013-sample.csv", "fer2013new-sample.csv"))
    if not sample.is_file():
        pytest.skip(f"no sample of FER2013 at {sample}")
    out = tmp_path / "prepared"

    result = CliRunner().invoke(app, ["data", "prepare", str(sample), "--votes", str(votes), "--out", str(out)])

    assert result.exit_code == 0, result.output
    card = json.loads((out / "card.json").read_text())
    assert card["splits"]["val"]["pictures"] == 60
    assert card["splits"]["train"]["in_source"]["pictures"] == 200
    assert card["source"]["votes"] == "fer2013new-sample.csv"

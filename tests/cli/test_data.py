import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.datasets.crops import BACKGROUNDS, read_crops
from mememoji.datasets.photographs import Photograph
from mememoji.datasets.splits import read_split
from tests.drawn_faces import drawn, write_parquet


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


def enlarged(photograph: Photograph) -> Photograph:
    image = cv2.imdecode(np.frombuffer(photograph.image, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    large = cv2.imencode(".png", cv2.resize(image, None, fx=2, fy=2))[1].tobytes()
    return dataclasses.replace(photograph, image=large, faces=photograph.faces * 2, landmarks=photograph.landmarks * 2)


def test_crops_are_cut_out_of_photographs(tmp_path: Path) -> None:
    write_parquet([drawn(0, faces=0), enlarged(drawn(1)), drawn(2, faces=0)], tmp_path / "photographs.parquet")
    out = tmp_path / "crops.parquet"
    told = CliRunner().invoke(app, ["data", "crops", str(tmp_path / "photographs.parquet"), "--out", str(out)])
    assert told.exit_code == 0, told.output
    crops = read_crops(out)
    assert told.output.startswith(f"{len(crops)} crops (1 of faces, {2 * BACKGROUNDS} of background, ")
    assert crops.are_faces.sum() == 1


def test_photographs_full_of_faces_show_no_background(tmp_path: Path) -> None:
    write_parquet([drawn(1)], tmp_path / "photographs.parquet")
    call = ["data", "crops", str(tmp_path / "photographs.parquet"), "--out", str(tmp_path / "crops.parquet")]
    told = CliRunner().invoke(app, call)
    assert told.exit_code == 1
    assert "crops of both kinds are needed" in told.stderr
    assert not (tmp_path / "crops.parquet").exists()

import dataclasses
import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.datasets.detection_images import DetectionSample
from mememoji.datasets.face_sets.face_set import read_face_set
from mememoji.datasets.negatives import NUM_BACKGROUND_CROPS, read_crops
from mememoji.datasets.splits import read_split
from tests.drawn_faces import draw_sample, write_parquet


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


def test_missing_source_shows_usage() -> None:
    result = CliRunner().invoke(app, ["data", "prepare"])

    assert result.exit_code == 2
    assert "source" in result.output.lower()


def test_prepare_reports_its_outputs(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "prepared"

    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert "train       2 images: angry 0, fear 0, happy 2, sad 0, surprise 0, neutral 0" in result.output
    assert "1 duplicates of held-out images left out of train" in result.output
    assert f"written to {out}" in result.output
    assert json.loads((out / "card.json").read_text())["source"]["name"] == "fer2013.csv"


def test_prepare_keeps_duplicates_on_request(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "prepared"

    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(out), "--keep-duplicates"])

    assert result.exit_code == 0, result.output
    assert "held-out images kept in train" in result.output
    assert len(read_split(out / "train.parquet")) == 3


def test_error_is_one_line_and_an_exit_code(source: Path, tmp_path: Path) -> None:
    with source.open("a") as file:
        file.write("3,1 2 3,Training\n")

    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(tmp_path / "prepared")])

    assert result.exit_code == 1
    assert "row 4: a row must have 2304 pixels, got 3" in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "prepared").exists()


def test_official_sample_is_prepared_with_votes(shared: Path, tmp_path: Path) -> None:
    sample, votes = (shared / "data" / name for name in ("fer2013-sample.csv", "fer2013new-sample.csv"))
    if not sample.is_file():
        pytest.skip(f"no sample of FER2013 at {sample}")
    out = tmp_path / "prepared"

    result = CliRunner().invoke(app, ["data", "prepare", str(sample), "--votes", str(votes), "--out", str(out)])

    assert result.exit_code == 0, result.output
    card = json.loads((out / "card.json").read_text())
    assert card["splits"]["val"]["images"] == 60
    assert card["splits"]["train"]["in_source"]["images"] == 200
    assert card["source"]["votes"] == "fer2013new-sample.csv"


def enlarged(sample: DetectionSample) -> DetectionSample:
    image = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    large = cv2.imencode(".png", cv2.resize(image, None, fx=2, fy=2))[1].tobytes()
    return dataclasses.replace(sample, image=large, faces=sample.faces * 2, landmarks=sample.landmarks * 2)


def test_crops_are_extracted_from_images(tmp_path: Path) -> None:
    write_parquet(
        [draw_sample(0, faces=0), enlarged(draw_sample(1)), draw_sample(2, faces=0)], tmp_path / "samples.parquet"
    )
    out = tmp_path / "crops.parquet"
    result = CliRunner().invoke(app, ["data", "crops", str(tmp_path / "samples.parquet"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    crops = read_crops(out)
    assert result.output.startswith(f"{len(crops)} crops (1 of faces, {2 * NUM_BACKGROUND_CROPS} of background, ")
    assert crops.is_face.sum() == 1


def test_crops_without_background_is_an_error(tmp_path: Path) -> None:
    write_parquet([draw_sample(1)], tmp_path / "samples.parquet")
    call = ["data", "crops", str(tmp_path / "samples.parquet"), "--out", str(tmp_path / "crops.parquet")]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 1
    assert "crops must show both faces and non-faces" in result.stderr
    assert not (tmp_path / "crops.parquet").exists()


@pytest.fixture
def images(astronaut_path: Path, tmp_path: Path) -> Path:
    """A happy face, a darker copy of it without a label, a damaged image, and a file of another format."""
    folder = tmp_path / "images"
    (folder / "happy").mkdir(parents=True)
    image = cv2.imread(str(astronaut_path))
    assert image is not None
    cv2.imwrite(str(folder / "happy" / "a.png"), image)
    cv2.imwrite(str(folder / "b.png"), image // 4 * 3)
    (folder / "happy" / "c.jpg").write_bytes(b"")
    (folder / "happy" / "d.psd").write_bytes(b"")
    return folder


def test_faces_reports_written_and_skipped_faces(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.parquet"

    result = CliRunner().invoke(app, ["data", "faces", f"{images}:0.5", "--out", str(out), "--license", "my own"])

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].endswith("images: 2 faces of 3 images; skipped: 1 damaged")
    assert lines[1:4] == [
        "  damaged: images/happy/c.jpg",
        "  skipped, not images of a known format: 1 .psd",
        "1 duplicates of other faces dropped, 0 conflicting labels removed",
    ]
    assert lines[4].startswith("1 faces: angry 0, disgust 0, fear 0, happy 1,")
    assert lines[5] == f"written to {out}"
    assert read_face_set(out).trust.tolist() == [0.5]
    assert json.loads((tmp_path / "own.card.json").read_text())["inputs"][0]["license"] == "my own"


def test_faces_drops_duplicates_of_held_out_faces(images: Path, tmp_path: Path) -> None:
    # Names of any bytes, which neither Parquet nor pyarrow takes.
    odd = os.fsdecode(b"\xe7 $x$") if sys.platform == "linux" else "$x$"
    (images / "b.png").rename(images / f"{odd}.png")
    held_out, out = tmp_path / f"{odd}.parquet", tmp_path / "own.parquet"
    CliRunner().invoke(app, ["data", "faces", str(images), "--out", str(held_out)])

    result = CliRunner().invoke(app, ["data", "faces", str(images), "--out", str(out), "--against", str(held_out)])

    assert result.exit_code == 0, result.output
    assert "2 duplicates of " in result.output
    assert len(read_face_set(out)) == 0


def test_faces_of_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["data", "faces", str(tmp_path), "--out", str(tmp_path / "own.parquet")])

    assert result.exit_code == 1
    assert "must hold images, got none" in result.output
    assert list(tmp_path.iterdir()) == []

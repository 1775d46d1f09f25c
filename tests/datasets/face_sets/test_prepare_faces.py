import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mememoji.datasets.face_sets.face_cutter import FaceCutter
from mememoji.datasets.face_sets.face_set import read_face_set
from mememoji.datasets.face_sets.face_source import FaceSource
from mememoji.datasets.face_sets.prepare_faces import prepare_faces
from mememoji.datasets.splits import Split, write_split
from mememoji.detection.compact import CompactDetector
from mememoji.detection.full_image import FullImageDetector
from mememoji.errors import DatasetError, InputError
from mememoji.image_io import encode_png
from tests.datasets.conftest import draw_images

FULL_IMAGE_CUTTER = FaceCutter(FullImageDetector())


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Five images: two happy, of which the second is also sad, one unlabeled, one damaged."""
    folder, crops = tmp_path / "photos", draw_images(3)
    for name, index in (("happy/a.png", 0), ("happy/b.png", 1), ("sad/b.png", 1), ("unlabeled/c.png", 2)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode_png(crops[index]))
    (folder / "sad" / "d.png").write_bytes(b"")
    return folder


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    """A split file with the first image of `images`, a little brighter, and one of its own."""
    images = np.concatenate([draw_images(1) + 6, draw_images(1, seed=9)]).astype(np.uint8)
    (tmp_path / "fer2013").mkdir()
    path = tmp_path / "fer2013" / "val.parquet"
    write_split(Split(np.array([3, 4], np.int32), images, np.zeros(2, np.int8), None), path)
    return path


def test_face_set_is_written_with_its_card(images: Path, held_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "own.parquet"

    card = prepare_faces(
        [FaceSource(images)], out, FULL_IMAGE_CUTTER, trust=0.6, against=[FaceSource(held_out)], licenses=["my own"]
    )

    faces = read_face_set(out)
    assert faces.ids == ("happy/b.png", "unlabeled/c.png")
    assert json.loads((out.parent / "own.card.json").read_text()).items() >= card.items()
    assert card["faces"] == 2
    assert card["labels"]["unlabeled"] == 2
    (source,) = card["inputs"]
    assert (source["license"], source["images"], source["faces"]) == ("my own", 5, 4)
    assert source["skipped"] == {
        "damaged": 1,
        "no face": 0,
        "face too small": 0,
        "several faces": 0,
        "box outside": 0,
    }
    assert source["skipped_images"] == {"damaged": ["photos/sad/d.png"]}
    (compared,) = card["against"]["files"]
    assert (compared["name"], compared["duplicates"], compared["dropped"]) == ("fer2013/val.parquet", 1, True)
    assert compared["pairs"][0][:3] == ["photos/happy/a.png", "val/3", "near"]
    assert card["duplicates_within"]["pairs"] == [["photos/sad/b.png", "photos/happy/b.png"]]
    assert card["duplicates_within"]["labels_removed"] == ["photos/happy/b.png"]
    assert str(tmp_path) not in (out.parent / "own.card.json").read_text()


def test_compared_faces_are_counted_and_kept(images: Path, held_out: Path, tmp_path: Path) -> None:
    card = prepare_faces(
        [FaceSource(images)], tmp_path / "own.parquet", FULL_IMAGE_CUTTER, compare=[FaceSource(held_out)]
    )

    assert "happy/a.png" in read_face_set(tmp_path / "own.parquet").ids
    (compared,) = card["against"]["files"]
    assert (compared["duplicates"], compared["dropped"]) == (1, False)


def test_image_is_prepared_end_to_end(astronaut_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own" / "happy"
    folder.mkdir(parents=True)
    with Image.open(astronaut_path) as image:
        image.convert("RGB").save(folder / "astronaut.jpg", quality=90)
    sheet = tmp_path / "sheet.png"

    card = prepare_faces(
        [FaceSource(folder.parent)], tmp_path / "own.parquet", FaceCutter(CompactDetector()), sheet=sheet
    )

    assert card["labels"]["happy"] == 1
    assert card["detector"]["name"] == "compact"
    assert card["detector"]["sha256"] == CompactDetector().card.sha256
    assert card["crop"] | {"min_roll": 0} == {
        "size": 64,
        "central": 48,
        "margin": 0.0,
        "context_margin": round(1 / 6, 6),
        "min_roll": 0,
    }
    with Image.open(sheet) as drawn:
        assert drawn.format == "PNG"


def test_face_set_is_replaced_but_another_file_is_not(images: Path, held_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.parquet"
    prepare_faces([FaceSource(images)], out, FULL_IMAGE_CUTTER)
    prepare_faces([FaceSource(images), FaceSource(out)], out, FULL_IMAGE_CUTTER)

    assert len(read_face_set(out)) == 3
    before = held_out.read_bytes()
    with pytest.raises(DatasetError, match="must be a new file or a face set to replace, got another file"):
        prepare_faces([FaceSource(images)], held_out, FULL_IMAGE_CUTTER)
    assert held_out.read_bytes() == before

    before = out.read_bytes()
    with pytest.raises(InputError, match="must be different files"):
        prepare_faces([FaceSource(images)], out, FULL_IMAGE_CUTTER, against=[FaceSource(out)])
    assert out.read_bytes() == before


def test_wrong_number_of_licenses_is_rejected(images: Path, tmp_path: Path) -> None:
    sources = [FaceSource(images)] * 3

    with pytest.raises(DatasetError, match="there must be one license, or one for each of 3 sources, got 2"):
        prepare_faces(sources, tmp_path / "own.parquet", FULL_IMAGE_CUTTER, licenses=["MIT", "CC0"])

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mememoji.datasets.fer2013.data_card import read_card, write_card
from mememoji.datasets.fer2013.prepare_fer2013 import prepare_fer2013
from mememoji.datasets.fer2013.provenance import Provenance, read_provenance
from mememoji.datasets.splits import Split, read_split
from mememoji.errors import DatasetError

OWN = "not stated: whoever trained the weights chooses it, within the terms of "


def read(folder: Path) -> Provenance:
    return read_provenance(folder, {name: read_split(folder / f"{name}.parquet") for name in ("train", "val")})


@pytest.fixture
def own_csv(tmp_path: Path, make_images: Any, write_csv: Any) -> Path:
    """Four images of train, of which the first is the one of val, too."""
    images = make_images(4)[[0, 1, 2, 3, 0]]
    usages = ["Training"] * 4 + ["PublicTest"]
    return Path(write_csv(tmp_path / "mine.csv", [(3, *row) for row in zip(images, usages, strict=True)]))


@pytest.fixture
def prepared(official_csv: Path, ferplus_csv: Path, tmp_path: Path) -> Path:
    """Six images of train, two of val, one of test, with votes and without duplicates."""
    prepare_fer2013(official_csv, ferplus_csv, tmp_path / "prepared")
    return tmp_path / "prepared"


def test_provenance_without_a_card_is_unknown(tmp_path: Path) -> None:
    found = read_provenance(tmp_path, {})

    assert found.trained_on == (
        "split files without a card.json: unknown source, possibly with duplicates between train and val or test"
    )
    assert found.license == OWN + "their data"
    assert "FER2013" not in str(found)


def test_provenance_with_votes_and_without_duplicates(prepared: Path) -> None:
    found = read(prepared)

    assert found.trained_on == (
        "fer2013.csv: 6 images of train, with votes in FER+'s columns from fer2013new.csv; without duplicates of "
        "val or test"
    )
    # The file name alone does not make nine images FER2013.
    assert found.license == OWN + "fer2013.csv"
    assert found.note == "Trained on 48x48 gray images; classifies what a face shows, not what a person feels."


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        (False, "3 images of train, without votes; duplicates of val left out: 1"),
        (
            True,
            "4 images of train, without votes; duplicates of val kept: 1, so scores there are too high",
        ),
    ],
)
def test_provenance_states_duplicates(kept: bool, sentence: str, own_csv: Path, tmp_path: Path) -> None:
    prepare_fer2013(own_csv, None, tmp_path / "out", keep_duplicates=kept)

    assert read(tmp_path / "out").trained_on == f"mine.csv: {sentence}"


def test_provenance_without_a_held_out_split(tmp_path: Path, make_images: Any, write_csv: Any) -> None:
    source = write_csv(tmp_path / "mine.csv", [(3, image, "Training") for image in make_images(2)])
    prepare_fer2013(source, None, tmp_path / "out")

    found = read_provenance(tmp_path / "out", {})

    assert found.trained_on == "mine.csv: 2 images of train, without votes; no held-out split"


def test_fer2013_is_recognized_by_its_class_counts(prepared: Path) -> None:
    card = read_card(prepared / "card.json")
    classes = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    numbers = (3995, 436, 4097, 7215, 4830, 3171, 4965)  # Goodfellow et al. 2013's Training, by class
    card["splits"]["train"] |= {"images": 27_511}
    card["splits"]["train"]["in_source"]["classes_7"] = dict(zip(classes, numbers, strict=True))
    card["source"] |= {"name": "faces.parquet", "votes": "in the source"}
    card["leaks"]["count"] = 1198
    write_card(card, prepared / "card.json")

    found = read(prepared)

    assert found.trained_on == (
        "FER2013 (faces.parquet): 27,511 images of train, with votes in FER+'s columns; duplicates of val or "
        "test left out: 1,198"
    )
    assert found.license == "weights: MIT; FER2013, which they were trained on, was published for research"
    assert "images from the web" in found.note


@pytest.mark.parametrize("change", ["fewer", "no votes", "another split", "no train"])
def test_card_of_other_files_is_ignored(change: str, prepared: Path) -> None:
    train = read_split(prepared / "train.parquet")
    splits = {
        "fewer": {"train": train.take(np.arange(5))},
        "no votes": {"train": Split(train.rows, train.images, train.labels, None)},
        "another split": {"mine": train},
        "no train": {},
    }
    if change == "no train":
        card = read_card(prepared / "card.json")
        del card["splits"]["train"]
        write_card(card, prepared / "card.json")

    found = read_provenance(prepared, splits[change])

    assert found.trained_on.startswith("split files that do not match their card.json: ")
    assert "fer2013" not in str(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must be a data card"),
        ('{"format": 2}', "must be a data card of format 1"),
        ('{"format": 1}', "card are not valid.*prepare the data again"),
        ('{"format": 1, "splits": {"train": {}}}', "card are not valid.*prepare the data again"),
        (
            '{"format": 1, "splits": {"train": null}, "source": []}',
            "card are not valid.*prepare the data again",
        ),
    ],
)
def test_damaged_card_is_an_error(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(content)

    with pytest.raises(DatasetError, match=message):
        read_provenance(tmp_path, {})

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mememoji.datasets.duplicates import Duplicates
from mememoji.datasets.fer2013.data_card import (
    FORMAT,
    build_card,
    count_fer7_classes,
    count_six_classes,
    read_card,
    write_card,
)
from mememoji.datasets.fer2013.fer2013_reader import Fer2013
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError


@pytest.mark.parametrize(
    ("labels", "angry", "disgust", "angry_of_six"), [([], 0, 0, 0), ([1, 1], 0, 2, 2), ([0, 1, 6, 0], 2, 1, 3)]
)
def test_classes_are_counted_as_seven_and_six(labels: list[int], angry: int, disgust: int, angry_of_six: int) -> None:
    fer7, six = count_fer7_classes(np.array(labels, np.int8)), count_six_classes(np.array(labels, np.int8))

    assert (fer7["angry"], fer7["disgust"], six["angry"]) == (angry, disgust, angry_of_six)
    assert sum(fer7.values()) == sum(six.values()) == len(labels)
    assert list(six) == ["angry", "fear", "happy", "sad", "surprise", "neutral"]


@pytest.fixture
def source(make_images: Any) -> Fer2013:
    """Five images of train and one of val; 0 to 2 are equal, 3 is black, 4 is a near duplicate of 5."""
    images = make_images(6)[[0, 0, 0, 3, 4, 5]]
    images[3] = 0
    votes = np.zeros((6, 10), np.uint8)
    votes[:, 0] = 10
    votes[3] = [4, 0, 0, 0, 0, 0, 0, 0, 0, 6]
    votes[4] = [5, 0, 0, 0, 0, 0, 0, 0, 0, 5]
    rows = np.arange(10, 16, dtype=np.int32)
    labels = np.array([0, 1, 2, 3, 4, 5], np.int8)
    return Fer2013("fer2013.csv", "0" * 64, Split(rows, images, labels, votes), np.array([0, 0, 0, 0, 0, 1], np.int8))


FOUND = Duplicates(
    np.array([0, 0, 0, 3, 4, 5], np.int32),
    np.array([[4, 5]], np.int32),
    np.array([True]),
    np.array([6], np.uint8),
    np.array([0.91], np.float32),
)


@pytest.mark.parametrize("kept", [False, True])
def test_card_lists_duplicates_and_leaks(kept: bool, source: Fer2013) -> None:
    leaks = FOUND.find_leaks(source.splits == 1)
    train = source.samples.take(np.flatnonzero(source.splits == 0)[: None if kept else -1])
    card = build_card(
        source, {"train": train, "val": source.samples.take(source.splits == 1)}, FOUND, leaks, are_kept=kept
    )

    assert card["source"] == {"name": "fer2013.csv", "sha256": "0" * 64, "images": 6, "votes": "in the source"}
    assert card["splits"]["train"]["images"] == (5 if kept else 4)
    assert card["splits"]["train"]["in_source"]["images"] == 5
    # Half of the votes are not a majority.
    assert card["splits"]["train"]["in_source"]["non_faces_by_votes"] == 1
    assert card["splits"]["train"]["blank"] == 1
    assert card["leaks"]["left_out_of_train"] is not kept
    assert card["leaks"]["rows"] == [[14, 15, "val", "near", 0.91, True]]
    assert card["duplicates"]["identical_rows"] == [[10, 11, 12]]
    assert card["duplicates"]["near_pairs"]["pairs"] == [[14, "train", 15, "val", 0.91, 6, True]]
    assert card["duplicates"]["images_with_duplicate"] == {
        "train": {"in train": {"exact": 3, "near": 0}, "in val": {"exact": 0, "near": 1}},
        "val": {"in train": {"exact": 0, "near": 1}, "in val": {"exact": 0, "near": 0}},
    }


def test_card_is_json_with_one_line_per_row(tmp_path: Path) -> None:
    card = {"empty": [], "rows": [[1, "a, b"], [2, "c"]], "name": "fer2013 [copy 1,  2]"}

    write_card(card, tmp_path / "card.json")

    text = (tmp_path / "card.json").read_text()
    assert json.loads(text) == card
    assert '    [1, "a, b"],\n' in text


def test_read_card_returns_what_was_written(tmp_path: Path) -> None:
    card = {"format": FORMAT, "leaks": {"rows": [[1, "a, b"], [2, "c"]]}}

    write_card(card, tmp_path / "card.json")

    assert read_card(tmp_path / "card.json") == card


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1', '{"format": 2}', "\x00"])
def test_invalid_card_is_rejected(content: str, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(content)

    with pytest.raises(DatasetError, match=r"card\.json must be a data card.* writes one$"):
        read_card(path)


def test_missing_card_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        read_card(tmp_path / "card.json")

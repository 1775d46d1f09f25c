import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mememoji.datasets.duplicates import Duplicates
from mememoji.datasets.fer2013.all_sources import Fer2013
from mememoji.datasets.fer2013.data_card import FORMAT, describe, read_card, seven_classes, six_classes, write_card
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError


@pytest.mark.parametrize(
    ("labels", "angry", "disgust", "folded"), [([], 0, 0, 0), ([1, 1], 0, 2, 2), ([0, 1, 6, 0], 2, 1, 3)]
)
def test_classes_before_and_after_folding(labels: list[int], angry: int, disgust: int, folded: int) -> None:
    seven, six = seven_classes(np.array(labels, np.int8)), six_classes(np.array(labels, np.int8))

    assert (seven["angry"], seven["disgust"], six["angry"]) == (angry, disgust, folded)
    assert sum(seven.values()) == sum(six.values()) == len(labels)
    assert list(six) == ["angry", "fear", "happy", "sad", "surprise", "neutral"]


@pytest.fixture
def source(pictures: Any) -> Fer2013:
    """Five images of train and one of val; 0 to 2 are equal, 3 is black, 4 is near to 5."""
    images = pictures(6)[[0, 0, 0, 3, 4, 5]]
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
def test_a_card_says_what_was_found_and_left_out(kept: bool, source: Fer2013) -> None:
    leaks = FOUND.leaks(source.splits == 1)
    train = source.pictures.take(np.flatnonzero(source.splits == 0)[: None if kept else -1])
    card = describe(source, {"train": train, "val": source.pictures.take(source.splits == 1)}, FOUND, leaks, kept=kept)

    assert card["source"] == {"name": "fer2013.csv", "sha256": "0" * 64, "pictures": 6, "votes": "in the source"}
    assert card["splits"]["train"]["pictures"] == (5 if kept else 4)
    assert card["splits"]["train"]["in_source"]["pictures"] == 5
    # Half of the votes are no majority.
    assert card["splits"]["train"]["in_source"]["non_faces_by_votes"] == 1
    assert card["splits"]["train"]["blank"] == 1
    assert card["leaks"]["left_out_of_train"] is not kept
    assert card["leaks"]["rows"] == [[14, 15, "val", "near", 0.91, True]]
    assert card["duplicates"]["identical_rows"] == [[10, 11, 12]]
    assert card["duplicates"]["near_pairs"]["pairs"] == [[14, "train", 15, "val", 0.91, 6, True]]
    assert card["duplicates"]["pictures_with_twin"] == {
        "train": {"in train": {"exact": 3, "near": 0}, "in val": {"exact": 0, "near": 1}},
        "val": {"in train": {"exact": 0, "near": 1}, "in val": {"exact": 0, "near": 0}},
    }


def test_a_card_is_written_as_json_with_a_line_for_each_row(tmp_path: Path) -> None:
    card = {"empty": [], "rows": [[1, "a, b"], [2, "c"]], "name": "fer2013 [copy 1,  2]"}

    write_card(card, tmp_path / "card.json")

    text = (tmp_path / "card.json").read_text()
    assert json.loads(text) == card
    assert '    [1, "a, b"],\n' in text


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    card = {"format": FORMAT, "leaks": {"rows": [[1, "a, b"], [2, "c"]]}}

    write_card(card, tmp_path / "card.json")

    assert read_card(tmp_path / "card.json") == card


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1', '{"format": 2}', "\x00"])
def test_what_is_no_card_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(content)

    with pytest.raises(DatasetError, match=r"card\.json is no data card.* writes one$"):
        read_card(path)


def test_a_missing_card_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        read_card(tmp_path / "card.json")

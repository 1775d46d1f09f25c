"""Provenance: the description of a prepared dataset for the model card of weights trained on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mememoji.datasets.fer2013.data_card import count_fer7_classes, read_card
from mememoji.datasets.fer2013.prepare_fer2013 import CARD_FILE
from mememoji.datasets.splits import SPLITS, Split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError

_NOTE: Final = "classifies what a face shows, not what a person feels."
# The file name proves nothing, but no other dataset has these numbers of images in its seven classes.
_FER2013_TRAINING: Final = dict(zip(FER2013_LABELS, (3995, 436, 4097, 7215, 4830, 3171, 4965), strict=True))


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of weights, as a model card states it.

    Attributes:
        trained_on: The name of the data, the number of training images, whether they have votes, and whether
            duplicates of held-out images were left out.
        license: The license of the weights.
        note: The intended use.
    """

    trained_on: str
    license: str
    note: str


def read_provenance(folder: Path, splits: Mapping[str, Split]) -> Provenance:
    """Derive the provenance from the card of a prepared folder; unknown if the card is missing or of other splits.

    Args:
        folder: A folder that `prepare_fer2013` wrote, or any other folder with split files.
        splits: The splits read from it, by name, which must match the card.

    Raises:
        DatasetError: The card cannot be read.
    """
    path = folder / CARD_FILE
    if not path.exists():
        return _describe_unknown(f"split files without a {CARD_FILE}")
    card = read_card(path)
    try:
        if "train" not in card["splits"] or not all(_describes(card, name, split) for name, split in splits.items()):
            return _describe_unknown(f"split files that do not match their {CARD_FILE}")
        return _describe_known(card)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DatasetError(
            f"{path}: the fields of the card are not valid: {error!r}; prepare the data again, or delete the card"
        ) from error


def _describes(card: dict[str, Any], name: str, split: Split) -> bool:
    entry = card["splits"].get(name)
    return (
        entry is not None
        and entry["classes_7"] == count_fer7_classes(split.labels)
        and (entry["non_faces_by_votes"] is None) == (split.votes is None)
    )


def _describe_known(card: dict[str, Any]) -> Provenance:
    source, train = card["source"], card["splits"]["train"]
    is_official = train["in_source"]["classes_7"] == _FER2013_TRAINING
    name = f"FER2013 ({source['name']})" if is_official else source["name"]
    votes, duplicates = _describe_votes(source["votes"]), _describe_duplicates(card)
    trained_on = f"{name}: {train['images']:,} images of train, {votes}; {duplicates}"
    if is_official:
        license = "weights: MIT; FER2013, which they were trained on, was published for research"
        return Provenance(trained_on, license, f"Trained on 48x48 gray images from the web; {_NOTE}")
    return Provenance(trained_on, _describe_license(source["name"]), f"Trained on 48x48 gray images; {_NOTE}")


def _describe_votes(votes: str | None) -> str:
    if votes is None:
        return "without votes"
    return "with votes in FER+'s columns" + ("" if votes == "in the source" else f" from {votes}")


def _describe_duplicates(card: dict[str, Any]) -> str:
    leaks = card["leaks"]
    held_out = " or ".join(name for name in SPLITS if name != "train" and name in card["splits"])
    if not held_out:
        return "no held-out split"
    if not leaks["count"]:
        return f"without duplicates of {held_out}"
    if leaks["left_out_of_train"]:
        return f"duplicates of {held_out} left out: {leaks['count']:,}"
    return f"duplicates of {held_out} kept: {leaks['count']:,}, so scores there are too high"


def _describe_unknown(data: str) -> Provenance:
    trained_on = f"{data}: unknown source, possibly with duplicates between train and val or test"
    return Provenance(trained_on, _describe_license("their data"), f"Trained on 48x48 gray images; {_NOTE}")


def _describe_license(data: str) -> str:
    return f"not stated: whoever trained the weights chooses it, within the terms of {data}"

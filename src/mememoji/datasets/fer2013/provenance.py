"""Provenance: what a model card says of the data that its weights were trained on, from the prepared folder's card."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mememoji.datasets.fer2013.data_card import read_card, seven_classes
from mememoji.datasets.fer2013.prepare_dataset import CARD
from mememoji.datasets.splits import SPLITS, Split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError

_NOTE: Final = "reads what a face shows, not what a person feels."
# A file's name is no proof, but no other dataset has these numbers of images in its seven classes.
_FER2013_TRAINING: Final = dict(zip(FER2013_LABELS, (3995, 436, 4097, 7215, 4830, 3171, 4965), strict=True))


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where weights come from, in the model card's words.

    Attributes:
        trained_on: the data's name, the number of training images, whether they have votes, and what was done with
            those that show the same image as a held-out one.
        license: of the weights.
        note: what a user should know.
    """

    trained_on: str
    license: str
    note: str


def read_provenance(folder: Path, splits: Mapping[str, Split]) -> Provenance:
    """From the card of a prepared folder; where it holds none, or one of other split files, that is what is said.

    Args:
        folder: what `prepare` wrote, or split files of another making.
        splits: those that were read from it, by name; the card has to speak of them.

    Raises:
        DatasetError: there is a card, and it cannot be read.
    """
    path = folder / CARD
    if not path.exists():
        return _unknown(f"split files without a {CARD}")
    card = read_card(path)
    try:
        if "train" not in card["splits"] or not all(_speaks_of(card, name, split) for name, split in splits.items()):
            return _unknown(f"split files that their {CARD} does not speak of")
        return _known(card)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DatasetError(
            f"{path}: the card's fields do not fit: {error!r}; prepare the data anew, or take the card away"
        ) from error


def _speaks_of(card: dict[str, Any], name: str, split: Split) -> bool:
    told = card["splits"].get(name)
    return (
        told is not None
        and told["classes_7"] == seven_classes(split.labels)
        and (told["non_faces_by_votes"] is None) == (split.votes is None)
    )


def _known(card: dict[str, Any]) -> Provenance:
    source, train = card["source"], card["splits"]["train"]
    official = train["in_source"]["classes_7"] == _FER2013_TRAINING
    name = f"FER2013 ({source['name']})" if official else source["name"]
    trained_on = f"{name}: {train['pictures']:,} images of train, {_votes(source['votes'])}; {_duplicates(card)}"
    if official:
        license = "weights: MIT; FER2013, which they were trained on, was published for research"
        return Provenance(trained_on, license, f"Trained on 48x48 gray images from the web; {_NOTE}")
    return Provenance(trained_on, _license(source["name"]), f"Trained on 48x48 gray images; {_NOTE}")


def _votes(votes: str | None) -> str:
    if votes is None:
        return "without votes"
    return "with votes in FER+'s columns" + ("" if votes == "in the source" else f" from {votes}")


def _duplicates(card: dict[str, Any]) -> str:
    leaks = card["leaks"]
    held_out = " or ".join(name for name in SPLITS if name != "train" and name in card["splits"])
    if not held_out:
        return "nothing was held out of it"
    if not leaks["count"]:
        return f"none was found that shows the same image as one of {held_out}"
    if leaks["left_out_of_train"]:
        return f"left out for showing the same image as one of {held_out}: {leaks['count']:,}"
    return f"kept though they show the same image as one of {held_out}: {leaks['count']:,}, so scores there flatter"


def _unknown(what: str) -> Provenance:
    trained_on = f"{what}: where the images come from, and whether train shares some with val or test, is not known"
    return Provenance(trained_on, _license("their data"), f"Trained on 48x48 gray images; {_NOTE}")


def _license(data: str) -> str:
    return f"not stated: it is for whoever trained the weights to choose, within the terms of {data}"

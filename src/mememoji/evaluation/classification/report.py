"""The report on a classifier and a split, and the measuring that makes it."""

import dataclasses
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import FaceClassifier
from mememoji.datasets.splits import SIDE, Split, read_split
from mememoji.errors import DatasetError, ModelError
from mememoji.evaluation.classification.passes import Passes, read_passes
from mememoji.evaluation.classification.readings import Comparison, compare
from mememoji.evaluation.classification.scores import PassScores, References, references, score_pass
from mememoji.model_files import sha256_of
from mememoji.version import __version__

FORMAT: Final = 1
"""The form of `report.json`."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, on what, and with what.

    `single` is the pass that users get, `mirrored` the mean with the mirror image; `references` is None for a split
    without votes. `seed` chose the example images and the panels' splits. `comparison` is with a second classifier,
    or None.
    """

    weights: dict[str, Any]
    data: dict[str, Any]
    mememoji: str
    date: str
    seed: int
    single: PassScores
    mirrored: PassScores
    references: dict[str, References] | None
    comparison: Comparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers that `json.dumps` takes; what could not be measured is None.

        The single pass stands at the top (`six.recall.happy`), the other under `mirrored` in the same form.
        """
        content: dict[str, Any] = to_plain(dataclasses.asdict(self))
        single = content.pop("single")
        mirrored = content.pop("mirrored")
        return {"format": FORMAT, **content, **single, "mirrored": mirrored}

    def headline(self) -> dict[str, float]:
        """The few figures that a model card carries, by name; what could not be measured is left out."""
        figures: dict[str, float] = {"pictures": float(self.data["pictures"])}
        for suffix, scores in (("", self.single), ("_mirrored", self.mirrored)):
            if scores.seven is not None and scores.six is not None:
                figures[f"accuracy_7{suffix}"] = scores.seven.accuracy
                figures[f"accuracy_6{suffix}"] = scores.six.accuracy
                figures[f"macro_f1_7{suffix}"] = scores.seven.macro_f1
        for head, reliability in self.single.calibration.items():
            figures[f"calibration_error_{head}"] = reliability.expected_calibration_error
        if self.single.votes is not None:
            figures["composition_total_variation"] = self.single.votes.six.total_variation
            figures["composition_cosine"] = self.single.votes.six.cosine
        return {name: round(value, 5) for name, value in figures.items()}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report with what its figures are drawn from."""

    report: Report
    split: Split
    passes: Passes


def evaluate(
    classifier: FaceClassifier,
    data: Path,
    *,
    seed: int = 0,
    against: FaceClassifier | None = None,
    progress: bool = False,
) -> Evaluation:
    """Read a split file, let a classifier read its images, and score what it says.

    Args:
        classifier: what is judged.
        data: a split file that `mememoji data prepare` wrote.
        seed: of the panels' splits and the choice of examples.
        against: a second classifier, to compare with by a paired test; None compares with none.
        progress: show a progress bar on stderr where that is a terminal.

    Raises:
        DatasetError: no split file, or one without images.
        ModelError: the classifier takes crops of another size.
        MissingExtraError: pyarrow is not installed.
    """
    card = classifier.card
    for each in (card,) if against is None else (card, against.card):
        if each.side != SIDE:
            raise ModelError(
                f"split files hold crops of {SIDE}x{SIDE}, but {each.name!r} takes {each.side}x{each.side}"
            )
    split = read_split(data)
    if not len(split):
        raise DatasetError(f"{data} holds no images, so there is nothing to measure; name another split file")
    passes = read_passes(classifier, split.images, progress=progress)
    comparison = None
    if against is not None:
        paired = compare(passes.single, against.classify(split.images), split.labels)
        comparison = Comparison(describe_weights(against.card), paired)
    report = Report(
        weights=describe_weights(card),
        data={
            "file": data.name,
            "sha256": sha256_of(data),
            "pictures": len(split),
            "pictures_with_votes": 0 if split.votes is None else int((split.votes.sum(axis=1) > 0).sum()),
        },
        mememoji=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        single=score_pass(passes.single, split),
        mirrored=score_pass(passes.mirrored, split),
        references=None if split.votes is None else references(split.votes, seed=seed),
        comparison=comparison,
    )
    return Evaluation(report, split, passes)


def describe_weights(card: ModelCard) -> dict[str, Any]:
    """Return what a report states of the weights that it is about."""
    return {
        "name": card.name,
        "network": card.network,
        "parameters": card.parameters,
        "sha256": card.sha256,
        "precision": card.precision,
        "temperatures": dict(card.temperatures),
        "floors": dict(card.floors),
    }


def to_plain(value: Any) -> Any:
    """Convert nested dicts and sequences to what JSON has: tuples to lists, and NaN to None."""
    if isinstance(value, dict):
        return {key: to_plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(entry) for entry in value]
    # JSON has no NaN, and readers that meet one refuse the whole file.
    return None if isinstance(value, float) and math.isnan(value) else value

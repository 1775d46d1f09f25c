"""`mememoji model`: the card of a classifier, and which classifiers are in the package."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, Weights, find_classifier_weights

if TYPE_CHECKING:
    from mememoji.classification.model_card import ModelCard

_WIDTH = 100


def model(
    classifier: ClassifierName = None,
    weights: Weights = None,
    list_names: Annotated[
        bool, typer.Option("--list", help="List the classifiers in the package and exit; with --json their cards.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Print a model's card: what it takes and gives, what it was trained on, how well it reads.

    The weights file is checked against the hash in its card.
    """
    if list_names:
        if classifier is not None or weights is not None:
            raise typer.BadParameter("--list lists all; leave out --classifier and --weights", param_hint="--list")
        _list(as_json=as_json)
        return
    weights = find_classifier_weights(classifier, weights)
    card = _read_card(weights)
    if as_json:
        typer.echo(json.dumps(card.to_dict(), indent=2))
        return
    for line in _lines(card, weights):
        typer.echo(line)


def _read_card(weights: Path) -> "ModelCard":
    """Read a weights file's card and check the file against it."""
    from mememoji.classification.model_card import ModelCard
    from mememoji.model_files import card_path

    card = ModelCard.read(card_path(weights))
    card.verify(weights)
    return card


def _list(*, as_json: bool) -> None:
    from mememoji.classification.shipped_classifiers import classifier_names, shipped_weights

    files = {name: shipped_weights(name) for name in classifier_names()}
    cards = {name: _read_card(file) for name, file in files.items()}
    if as_json:
        typer.echo(json.dumps({name: card.to_dict() for name, card in cards.items()}, indent=2))
        return
    for name, card in cards.items():
        line = f"{name:<8}  {card.parameters:>9,} parameters  {files[name].stat().st_size / 1e6:>4.1f} MB"
        accuracy = card.scores.get("val", {}).get("accuracy_7")
        typer.echo(line if accuracy is None else f"{line}  {100 * accuracy:.1f} % of FER2013 val in seven classes")


def _lines(card: "ModelCard", weights: Path) -> Iterator[str]:
    yield from _field("name", card.name)
    yield from _field("network", f"{card.network}, {card.parameters:,} parameters in {card.precision}")
    yield from _field("weights", f"{weights} ({weights.stat().st_size / 1e6:.1f} MB)")
    yield from _field("sha256", card.sha256)
    yield from _field(
        "takes", f"{card.input_name}: gray {card.side}x{card.side}, (gray - {card.mean:g}) / {card.std:g}"
    )
    for head, classes in card.outputs.items():
        yield from _field("gives", f"{head}: {', '.join(classes)}")
    for head, temperature in card.temperatures.items():
        floor = card.floors.get(head, 0.0)
        yield from _field("calibrated", f"{head}: temperature {temperature:.3f}, floor {floor:.4f}")
    yield from _field("trained on", card.trained_on)
    for split, scores in card.scores.items():
        yield from _field(f"scores, {split}", ", ".join(f"{name} {score:.4g}" for name, score in scores.items()))
    yield from _field("license", card.license)
    if card.note:
        yield from _field("note", card.note)


def _field(name: str, value: str) -> Iterator[str]:
    for number, line in enumerate(wrap(value, _WIDTH, break_long_words=False) or [""]):
        yield f"{name if number == 0 else '':<14}{line}"

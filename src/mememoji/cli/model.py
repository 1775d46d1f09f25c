"""`mememoji model`: print the card of a classifier, or list the classifiers of the package."""

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
        bool, typer.Option("--list", help="List the classifiers of the package and exit; with --json, their cards.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Print the model card of a classifier: inputs and outputs, training data, scores, license.

    The weights file is checked against the hash in its card.
    """
    if list_names:
        if classifier is not None or weights is not None:
            raise typer.BadParameter("lists all classifiers; leave out --classifier and --weights", param_hint="--list")
        _print_list(as_json=as_json)
        return
    weights = find_classifier_weights(classifier, weights)
    card = _read_card(weights)
    if as_json:
        typer.echo(json.dumps(card.to_dict(), indent=2))
        return
    for line in _format_card(card, weights):
        typer.echo(line)


def _read_card(weights: Path) -> "ModelCard":
    """Read the card of a weights file and check the file against it."""
    from mememoji.classification.model_card import ModelCard
    from mememoji.model_files import card_path

    card = ModelCard.read(card_path(weights))
    card.verify(weights)
    return card


def _print_list(*, as_json: bool) -> None:
    from mememoji.classification.shipped_classifiers import find_shipped_weights, list_classifiers

    files = {name: find_shipped_weights(name) for name in list_classifiers()}
    cards = {name: _read_card(file) for name, file in files.items()}
    if as_json:
        typer.echo(json.dumps({name: card.to_dict() for name, card in cards.items()}, indent=2))
        return
    for name, card in cards.items():
        line = f"{name:<8}  {card.num_parameters:>9,} parameters  {files[name].stat().st_size / 1e6:>4.1f} MB"
        accuracy = card.scores.get("val", {}).get("accuracy_7")
        typer.echo(line if accuracy is None else f"{line}  {100 * accuracy:.1f} % of FER2013 val in seven classes")


def _format_card(card: "ModelCard", weights: Path) -> Iterator[str]:
    yield from _format_field("name", card.name)
    yield from _format_field("network", f"{card.network}, {card.num_parameters:,} parameters in {card.precision}")
    yield from _format_field("weights", f"{weights} ({weights.stat().st_size / 1e6:.1f} MB)")
    yield from _format_field("sha256", card.sha256)
    yield from _format_field(
        "input", f"{card.input_name}: gray {card.input_size}x{card.input_size}, (gray - {card.mean:g}) / {card.std:g}"
    )
    for head, classes in card.outputs.items():
        yield from _format_field("output", f"{head}: {', '.join(classes)}")
    for head, temperature in card.temperatures.items():
        floor = card.prob_floors.get(head, 0.0)
        yield from _format_field("calibrated", f"{head}: temperature {temperature:.3f}, floor {floor:.4f}")
    yield from _format_field("trained on", card.trained_on)
    for split, scores in card.scores.items():
        yield from _format_field(f"scores, {split}", ", ".join(f"{name} {score:.4g}" for name, score in scores.items()))
    yield from _format_field("license", card.license)
    if card.note:
        yield from _format_field("note", card.note)


def _format_field(name: str, value: str) -> Iterator[str]:
    for number, line in enumerate(wrap(value, _WIDTH, break_long_words=False) or [""]):
        yield f"{name if number == 0 else '':<14}{line}"

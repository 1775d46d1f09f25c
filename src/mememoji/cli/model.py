"""`mememoji model`: the card of the weights."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mememoji.classification.card import ModelCard

_WIDTH = 100


def model(
    weights: Annotated[
        Path | None,
        typer.Option(help="An ONNX file, its card beside it; else the weights that ship.", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Print a model's card: what it takes and gives, what it was trained on, how well it reads.

    The weights file is checked against the hash in its card.
    """
    from mememoji.classification.card import ModelCard
    from mememoji.classification.weights import shipped_weights
    from mememoji.weights_file import card_path

    weights = shipped_weights() if weights is None else weights
    card = ModelCard.read(card_path(weights))
    card.verify(weights)
    if as_json:
        typer.echo(json.dumps(card.to_dict(), indent=2))
        return
    for line in _lines(card, weights):
        typer.echo(line)


def _lines(card: "ModelCard", weights: Path) -> Iterator[str]:
    yield from _field("name", card.name)
    yield from _field("network", f"{card.network}, {card.parameters:,} parameters in {card.precision}")
    yield from _field("weights", f"{weights} ({weights.stat().st_size / 1e6:.1f} MB)")
    yield from _field("sha256", card.sha256)
    yield from _field(
        "takes", f"{card.input_name}: grey {card.side}x{card.side}, (grey - {card.mean:g}) / {card.std:g}"
    )
    for head, classes in card.outputs.items():
        yield from _field("gives", f"{head}: {', '.join(classes)}")
    for head, temperature in card.temperatures.items():
        floor = card.floors.get(head, 0.0)
        yield from _field("calibrated", f"{head}: temperature {temperature:.3f}, floor {floor:.4f}")
    yield from _field("trained on", card.trained_on)
    for split, scores in card.scores.items():
        yield from _field(f"scores, {split}", ", ".join(f"{name} {score:.4g}" for name, score in scores.items()))
    yield from _field("licence", card.licence)
    if card.note:
        yield from _field("note", card.note)


def _field(name: str, value: str) -> Iterator[str]:
    for number, line in enumerate(wrap(value, _WIDTH, break_long_words=False) or [""]):
        yield f"{name if number == 0 else '':<14}{line}"

"""The checkpoint: all that a training needs to go on as if it had not stopped."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self

import torch

from mememoji.errors import ModelError, RunError
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.common.metrics_log import Epoch

FILE = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training's state after a whole number of epochs.

    Chance needs no place in it: each epoch draws from generators seeded by the recipe's seed and the epoch. A finished
    training's holds the best weights alone.

    Attributes:
        recipe: the training's recipe.
        data: the train split's fingerprint; a training goes on with the data that it began with.
        history: one row for each epoch done.
        network, average, optimizer: state dicts; `average` is None where the recipe has none.
        average_steps: steps that the average has taken in.
        best: the evaluated network's state dict at the best val accuracy so far.
        remarks: what the card of exported weights says of the training beside its data.
    """

    recipe: Recipe
    data: str
    history: list[Epoch]
    network: dict[str, Any]
    average: dict[str, Any] | None
    average_steps: int
    optimizer: dict[str, Any]
    best: dict[str, Any]
    remarks: str = ""

    @classmethod
    def finished(
        cls, recipe: Recipe, data: str, history: list[Epoch], best: dict[str, Any], *, remarks: str = ""
    ) -> Self:
        """Of a training that has nothing left to do: a quarter of the size."""
        return cls(recipe, data, history, {}, None, 0, {}, best, remarks)

    @property
    def is_finished(self) -> bool:
        return not self.network

    def write(self, run: Path) -> None:
        """Write into a run's folder; an older checkpoint is replaced at once or not at all."""
        content = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        content["recipe"] = self.recipe.to_dict()
        content["history"] = [dataclasses.asdict(epoch) for epoch in self.history]
        write_state(content, run / FILE)


def write_state(content: dict[str, Any], path: Path) -> None:
    """Write a training's state; an older one is replaced at once or not at all."""
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    partial.replace(path)


@contextmanager
def read_state(path: Path, device: torch.device | str) -> Iterator[dict[str, Any]]:
    """Read what `write_state` wrote, for a block that makes a checkpoint of it.

    Raises:
        RunError: there is no such file.
        ModelError: it is no checkpoint of this version, by its form or by what the block finds in it.
    """
    if not path.is_file():
        raise RunError(f"no checkpoint at {path}; a training writes one after each epoch")
    try:
        yield torch.load(path, map_location=device, weights_only=True)
    except (KeyError, TypeError, ValueError, RuntimeError, EOFError, OSError, UnpicklingError) as error:
        raise ModelError(f"{path} is no checkpoint of this version: {error}") from error


def read_checkpoint(run: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a run's checkpoint onto a device.

    Raises:
        RunError: the folder holds none.
        ModelError: it is no checkpoint of this version.
    """
    with read_state(run / FILE, device) as content:
        content["recipe"] = Recipe.from_dict(content["recipe"])
        content["history"] = [Epoch(**epoch) for epoch in content["history"]]
        return Checkpoint(**content)

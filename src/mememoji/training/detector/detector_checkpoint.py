"""The checkpoint of a detector's training."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from mememoji.training.common.checkpoint import FILE, read_state, write_state
from mememoji.training.detector.detector_config import DetectorRecipe
from mememoji.training.detector.detector_metrics_log import DetectorEpoch

PLATEAU: Final = "plateau.pt"
"""The checkpoint from before the rate began to fall, from which a longer training can go on."""


@dataclass(frozen=True, slots=True)
class DetectorCheckpoint:
    """A training's state after a whole number of epochs.

    Chance needs no place in it: an epoch's scenes follow from the recipe's seed and the epoch's number.

    Attributes:
        recipe: the training's recipe.
        data: the images' fingerprint; a training goes on with the data that it began with.
        history: one row for each epoch done.
        network, average, optimizer: state dicts.
        average_steps: steps that the average has taken in.
    """

    recipe: DetectorRecipe
    data: str
    history: list[DetectorEpoch]
    network: dict[str, Any]
    average: dict[str, Any]
    average_steps: int
    optimizer: dict[str, Any]

    def write(self, run: Path, name: str = FILE) -> None:
        """Write into a run's folder; an older checkpoint is replaced at once or not at all."""
        content = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        content["recipe"] = self.recipe.to_dict()
        content["history"] = [dataclasses.asdict(epoch) for epoch in self.history]
        write_state(content, run / name)


def read_checkpoint(run: Path, device: torch.device | str = "cpu", name: str = FILE) -> DetectorCheckpoint:
    """Read a run's checkpoint onto a device.

    Raises:
        RunError: the folder holds none.
        ModelError: it is no checkpoint of this version.
    """
    with read_state(run / name, device) as content:
        content["recipe"] = DetectorRecipe.from_dict(content["recipe"])
        content["history"] = [DetectorEpoch(**epoch) for epoch in content["history"]]
        return DetectorCheckpoint(**content)

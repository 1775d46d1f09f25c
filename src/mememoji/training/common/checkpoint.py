"""Checkpoint: everything that a training needs to resume as if it had not stopped."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final, Generic, Protocol, Self, TypeVar

import torch

from mememoji.atomic_file import atomic_write
from mememoji.errors import ModelError, RunError

CHECKPOINT_FILE: Final = "checkpoint.pt"


class SerializableConfig(Protocol):
    """A training configuration that can be stored in a checkpoint."""

    def to_dict(self) -> dict[str, Any]: ...
    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self: ...


ConfigT = TypeVar("ConfigT", bound=SerializableConfig)
MetricsT = TypeVar("MetricsT")


@dataclass(frozen=True, slots=True)
class Checkpoint(Generic[ConfigT, MetricsT]):
    """State of a training after a whole number of epochs.

    It holds no random number generator: each epoch seeds its generators from the config's seed and the epoch's number.

    Attributes:
        config: The training's configuration.
        data_fingerprint: Hash of the training data; a training resumes only with the same data.
        history: Metrics of each epoch done, as dataclasses.
        model, optimizer: State dicts; both are empty once the training is finished.
        ema: State dict of the model's exponential moving average; None if the config has none.
        num_ema_updates: Number of updates of the average.
        best: State dict of the weights to export, where the trainer selects them.
        remarks: Text that the card of exported weights adds to its description of the data.
    """

    config: ConfigT
    data_fingerprint: str
    history: list[MetricsT]
    model: dict[str, Any]
    ema: dict[str, Any] | None
    num_ema_updates: int
    optimizer: dict[str, Any]
    best: dict[str, Any] = field(default_factory=dict)
    remarks: str = ""

    @property
    def is_finished(self) -> bool:
        return not self.model

    def finish(self) -> "Checkpoint[ConfigT, MetricsT]":
        """Return the checkpoint of a finished training: only the best weights, a quarter of the size."""
        return dataclasses.replace(self, model={}, ema=None, num_ema_updates=0, optimizer={})

    def write(self, path: Path) -> None:
        """Write the checkpoint atomically: an older file is replaced completely or stays.

        Raises:
            OSError: The file cannot be written, for example because the disk is full.
        """
        content = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        content["config"] = self.config.to_dict()
        content["history"] = [dataclasses.asdict(metrics) for metrics in self.history]  # type: ignore[call-overload]
        with atomic_write(path) as partial:
            try:
                torch.save(content, partial)
            except RuntimeError as error:
                # torch reports a full disk by the position in its archive.
                raise OSError(f"{path} cannot be written; is the disk full?") from error


def read_checkpoint(
    path: Path, config_type: type[ConfigT], metrics_type: type[MetricsT], device: torch.device | str = "cpu"
) -> Checkpoint[ConfigT, MetricsT]:
    """Read a checkpoint onto a device.

    Args:
        path: A file that `Checkpoint.write` wrote.
        config_type: The class of its config.
        metrics_type: The dataclass of its history's rows.
        device: The device for the tensors.

    Raises:
        RunError: The file does not exist.
        ModelError: The file is not a checkpoint of this version and these types.
    """
    if not path.is_file():
        raise RunError(f"no checkpoint at {path}; a training writes one after each epoch")
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        content["config"] = config_type.from_dict(content["config"])
        content["history"] = [metrics_type(**row) for row in content["history"]]
        return Checkpoint(**content)
    except (KeyError, TypeError, ValueError, RuntimeError, EOFError, OSError, UnpicklingError) as error:
        raise ModelError(f"{path} must be a checkpoint of this version, got another file: {error}") from error


def has_checkpoint(run: Path) -> bool:
    """Return whether a folder has a training's checkpoint, finished or not."""
    return (run / CHECKPOINT_FILE).is_file()


def check_unused(run: Path) -> None:
    """Check that a folder has no training that a new one would overwrite.

    Raises:
        RunError: The folder has a checkpoint.
    """
    if has_checkpoint(run):
        raise RunError(f"{run} already has a training; use --resume to continue it")


def describe_changes(saved: SerializableConfig, given: SerializableConfig) -> str:
    """Describe how a config differs from that of a checkpoint, for an error message: "lr 0.1, got 0.05"."""
    before, after = saved.to_dict(), given.to_dict()
    return ", ".join(
        f"{name} {before.get(name)}, got {after[name]}" for name in after if before.get(name) != after[name]
    )

"""Checkpoints of any trainer."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mememoji.errors import ModelError, RunError
from mememoji.training.common.checkpoint import Checkpoint, describe_changes, read_checkpoint


@dataclass(frozen=True)
class Config:
    lr: float
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Config":
        return cls(**content)


@dataclass(frozen=True)
class Metrics:
    epoch: int
    loss: float


def make_checkpoint() -> Checkpoint[Config, Metrics]:
    weights = {"weight": torch.arange(3.0)}
    return Checkpoint(Config(0.1), "hash", [Metrics(1, 0.5)], weights, weights, 7, {"state": {}}, weights, "; remarks")


def test_write_to_a_full_disk_keeps_the_older_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "checkpoint.pt"
    make_checkpoint().write(path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, limits[1]))
    try:
        with pytest.raises(OSError, match=r"checkpoint\.pt cannot be written; is the disk full"):
            make_checkpoint().write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_read_checkpoint_returns_what_was_written(tmp_path: Path) -> None:
    checkpoint = make_checkpoint()
    checkpoint.write(tmp_path / "checkpoint.pt")
    found = read_checkpoint(tmp_path / "checkpoint.pt", Config, Metrics)
    assert (found.config, found.history, found.num_ema_updates) == (Config(0.1), [Metrics(1, 0.5)], 7)
    assert torch.equal(found.model["weight"], checkpoint.model["weight"])
    assert not found.is_finished


def test_finish_keeps_the_best_weights_only() -> None:
    finished = make_checkpoint().finish()
    assert finished.is_finished
    assert (finished.model, finished.ema, finished.optimizer) == ({}, None, {})
    assert finished.best.keys() == {"weight"}
    assert finished.remarks == "; remarks"


def test_read_checkpoint_rejects_a_missing_or_another_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no checkpoint"):
        read_checkpoint(tmp_path / "checkpoint.pt", Config, Metrics)
    for content in ({"config": {"momentum": 1}}, [1]):
        torch.save(content, tmp_path / "checkpoint.pt")
        with pytest.raises(ModelError, match="must be a checkpoint of this version"):
            read_checkpoint(tmp_path / "checkpoint.pt", Config, Metrics)


def test_describe_changes_names_the_fields_that_differ() -> None:
    assert describe_changes(Config(0.1), Config(0.05)) == "lr 0.1, got 0.05"

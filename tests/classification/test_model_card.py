"""The model card."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mememoji.classification.model_card import ModelCard
from mememoji.errors import ModelError
from mememoji.model_files import card_path, compute_sha256

CARD = ModelCard(
    name="net 1",
    network="compact",
    num_parameters=1_500_000,
    sha256="ab" * 32,
    input_size=48,
    mean=128.0,
    std=64.0,
    outputs={"labels": ("angry", "happy"), "votes": ("NF",)},
    trained_on="FER2013 train",
    license="MIT",
    temperatures={"labels": 1.2},
    prob_floors={"labels": 0.01},
    precision="int8",
    layers={"stem": "relu"},
    scores={"val": {"accuracy_7": 0.7}},
    note="für alle",
)


def test_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    CARD.write(tmp_path / "net.card.json")
    assert ModelCard.read(tmp_path / "net.card.json") == CARD


def test_card_path_is_next_to_the_weights() -> None:
    assert card_path(Path("nets/net.v2.onnx")) == Path("nets/net.v2.card.json")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "{}",
        json.dumps({"format": 99}),
        json.dumps({"format": 2}),
        json.dumps(CARD.to_dict() | {"unknown": 1}),
        json.dumps({key: value for key, value in CARD.to_dict().items() if key != "input_size"}),
        json.dumps(CARD.to_dict() | {"outputs": ["labels"]}),
        json.dumps(CARD.to_dict() | {"input_size": "48"}),
        json.dumps(CARD.to_dict() | {"std": 0}),
    ],
)
def test_read_of_an_invalid_card_raises(tmp_path: Path, content: str) -> None:
    (tmp_path / "net.card.json").write_text(content)
    with pytest.raises(ModelError, match="card"):
        ModelCard.read(tmp_path / "net.card.json")


def test_read_of_a_missing_card_raises(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model card at"):
        ModelCard.read(tmp_path / "net.card.json")


@pytest.mark.parametrize(
    "change",
    [
        {"input_size": 0},
        {"std": 0.0},
        {"outputs": {}},
        {"outputs": {"labels": ()}},
        {"temperatures": {"labels": 0.0}},
        {"prob_floors": {"labels": -0.1}},
        {"precision": "int4"},
    ],
)
def test_invalid_card_raises(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="net 1"):
        replace(CARD, **change)


def test_verify_checks_the_hash(tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    with pytest.raises(ModelError, match="no weights at"):
        CARD.verify(weights)
    weights.write_bytes(b"weights")
    with pytest.raises(ModelError, match="expected sha256 abab"):
        CARD.verify(weights)
    replace(CARD, sha256=compute_sha256(weights)).verify(weights)

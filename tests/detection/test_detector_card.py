"""The detector's model card."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mememoji.detection.detector_card import DetectorCard
from mememoji.errors import ModelError
from mememoji.model_files import compute_sha256

CARD = DetectorCard(
    name="tiny 1",
    num_parameters=7,
    sha256="",
    score_threshold=0.4,
    trained_on="drawings",
    license="MIT",
    scores={"val": {"recall": 0.5}},
)


def test_card_that_was_written_is_read_back(tmp_path: Path) -> None:
    CARD.write(tmp_path / "net.card.json")
    assert DetectorCard.read(tmp_path / "net.card.json") == CARD


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps(CARD.to_dict() | {"format": 9}), json.dumps(CARD.to_dict() | {"color": 1})]
)
def test_read_invalid_card_raises_model_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "net.card.json").write_text(content)
    with pytest.raises(ModelError):
        DetectorCard.read(tmp_path / "net.card.json")


def test_card_with_threshold_out_of_range_raises_model_error() -> None:
    with pytest.raises(ModelError, match=r"0\.\.1, got 2"):
        replace(CARD, score_threshold=2.0)


def test_verify_another_file_raises_model_error(tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"weights")
    with pytest.raises(ModelError, match="does not match its card"):
        CARD.verify(weights)
    replace(CARD, sha256=compute_sha256(weights)).verify(weights)

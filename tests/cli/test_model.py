"""`mememoji model`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.classification.model_card import ModelCard
from mememoji.classification.shipped_classifiers import classifier_names, shipped_classifier
from mememoji.cli import app
from mememoji.model_files import card_path, sha256_of


def test_the_card_is_told(pooled_weights: Path) -> None:
    result = CliRunner().invoke(app, ["model", "--weights", str(pooled_weights)])
    assert result.exit_code == 0
    for told in ("pooled 1", "612 parameters", sha256_of(pooled_weights), "48x48", "contempt, unknown, NF", "MIT"):
        assert told in " ".join(result.stdout.split())


def test_the_card_as_json(pooled_weights: Path) -> None:
    result = CliRunner().invoke(app, ["model", "--weights", str(pooled_weights), "--json"])
    assert json.loads(result.stdout) == json.loads(card_path(pooled_weights).read_text())


def test_the_shipped_card() -> None:
    result = CliRunner().invoke(app, ["model"])
    assert result.exit_code == 0
    assert "compact" in result.stdout


@pytest.mark.parametrize("name", classifier_names())
def test_a_classifier_is_named(name: str) -> None:
    result = CliRunner().invoke(app, ["model", "--classifier", name, "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["sha256"] == shipped_classifier(name).card.sha256


def test_the_classifiers_in_the_package_are_listed() -> None:
    result = CliRunner().invoke(app, ["model", "--list"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(classifier_names())
    assert result.stdout.splitlines()[0].endswith("% of FER2013 val in seven classes")
    cards = json.loads(CliRunner().invoke(app, ["model", "--list", "--json"]).stdout)
    assert list(cards) == list(classifier_names())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--classifier", "micro"], "must be one of 'compact'"),
        (["--classifier", "compact", "--weights", "net.onnx"], "exclude each other"),
        (["--list", "--classifier", "compact"], "leave out --classifier"),
    ],
)
def test_a_wrong_call_says_what_to_do(words: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["model", *words])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


def test_a_missing_card_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["model", "--weights", str(tmp_path / "net.onnx")])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("mememoji: no model card at")
    assert result.stderr.count("\n") == 1


def test_other_weights_than_the_cards_are_told(pooled_weights: Path, tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"other")
    ModelCard.read(card_path(pooled_weights)).write(card_path(weights))
    result = CliRunner().invoke(app, ["model", "--weights", str(weights)])
    assert result.exit_code == 1
    assert "not what its card speaks of" in result.stderr

"""`mememoji model`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.classification.model_card import ModelCard
from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from mememoji.cli import app
from mememoji.model_files import card_path, compute_sha256


def test_model_prints_the_card(pooled_weights: Path) -> None:
    result = CliRunner().invoke(app, ["model", "--weights", str(pooled_weights)])
    assert result.exit_code == 0
    for text in ("pooled 1", "612 parameters", compute_sha256(pooled_weights), "48x48", "contempt, unknown, NF", "MIT"):
        assert text in " ".join(result.stdout.split())


def test_model_json_is_the_card(pooled_weights: Path) -> None:
    result = CliRunner().invoke(app, ["model", "--weights", str(pooled_weights), "--json"])
    assert json.loads(result.stdout) == json.loads(card_path(pooled_weights).read_text())


def test_model_default_is_the_shipped_classifier() -> None:
    result = CliRunner().invoke(app, ["model"])
    assert result.exit_code == 0
    assert "compact" in result.stdout


@pytest.mark.parametrize("name", list_classifiers())
def test_model_takes_a_classifier_by_name(name: str) -> None:
    result = CliRunner().invoke(app, ["model", "--classifier", name, "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["sha256"] == load_shipped_classifier(name).card.sha256


def test_model_list_prints_the_classifiers_of_the_package() -> None:
    result = CliRunner().invoke(app, ["model", "--list"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(list_classifiers())
    assert result.stdout.splitlines()[0].endswith("% of FER2013 val in seven classes")
    cards = json.loads(CliRunner().invoke(app, ["model", "--list", "--json"]).stdout)
    assert list(cards) == list(list_classifiers())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--classifier", "micro"], "must be one of 'compact'"),
        (["--classifier", "compact", "--weights", "net.onnx"], "exclude each other"),
        (["--list", "--classifier", "compact"], "leave out --classifier"),
    ],
)
def test_model_usage_errors_say_what_to_do(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["model", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


def test_model_missing_card_is_reported_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["model", "--weights", str(tmp_path / "net.onnx")])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("mememoji: no model card at")
    assert result.stderr.count("\n") == 1


def test_model_weights_that_do_not_match_their_card_are_reported(pooled_weights: Path, tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"other")
    ModelCard.read(card_path(pooled_weights)).write(card_path(weights))
    result = CliRunner().invoke(app, ["model", "--weights", str(weights)])
    assert result.exit_code == 1
    assert "does not match its card" in result.stderr

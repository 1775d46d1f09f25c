"""`mememoji features`."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mememoji.classification.shipped_classifiers import classifier_names, shipped_classifier
from mememoji.cli import app
from mememoji.image_io import read_image


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["features", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_the_layers_are_listed() -> None:
    code, told, _ = run("--list-layers")
    assert code == 0
    assert [line.split()[0] for line in told.splitlines()] == ["stem", "stage1", "stage2", "stage3"]
    assert told.splitlines()[-1].endswith("maps of 6x6")


@pytest.mark.parametrize("name", classifier_names())
def test_a_named_classifier_lists_its_own_layers(name: str) -> None:
    code, told, errors = run("--list-layers", "--classifier", name)
    assert code == 0, errors
    assert [line.split()[0] for line in told.splitlines()] == list(shipped_classifier(name).card.layers)


@pytest.mark.parametrize("name", classifier_names())
def test_a_named_classifier_draws_its_activations(name: str, astronaut_path: Path, tmp_path: Path) -> None:
    code, _, errors = run(astronaut_path, "--classifier", name, "--out", tmp_path / "a.png")
    assert code == 0, errors
    assert np.ptp(read_image(tmp_path / "a.png")) > 200


def test_maps_and_activations_are_drawn(astronaut_path: Path, tmp_path: Path) -> None:
    for layer in ("stage2", "activation"):
        code, told, errors = run(astronaut_path, "--layer", layer, "--out", tmp_path / "new" / f"{layer}.png")
        assert code == 0, errors
        assert told.strip().endswith(f"{layer}.png")
    first, second = (read_image(tmp_path / "new" / f"{layer}.png") for layer in ("stage2", "activation"))
    assert first.shape != second.shape
    assert np.ptp(second) > 200


def test_what_is_not_there_is_told(astronaut_path: Path, tmp_path: Path) -> None:
    assert run()[0] == 2
    code, _, errors = run(astronaut_path, "--layer", "stage7")
    assert (code, "there are stem, stage1, stage2, stage3, activation" in errors) == (1, True)
    code, _, errors = run(astronaut_path, "--face", "2", "--out", tmp_path / "x.png")
    assert (code, "shows 1 faces" in errors) == (1, True)

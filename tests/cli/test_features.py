"""`mememoji features`."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from mememoji.cli import app
from mememoji.image_io import encode_png, read_image


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["features", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_features_lists_the_layers() -> None:
    code, output, _ = run("--list-layers")
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == ["stem", "stage1", "stage2", "stage3"]
    assert output.splitlines()[-1].endswith("channels of 6x6")


@pytest.mark.parametrize("name", list_classifiers())
def test_features_lists_the_layers_of_a_named_classifier(name: str) -> None:
    code, output, errors = run("--list-layers", "--classifier", name)
    assert code == 0, errors
    assert [line.split()[0] for line in output.splitlines()] == list(load_shipped_classifier(name).card.layers)


@pytest.mark.parametrize("name", list_classifiers())
def test_features_draws_activation_maps_of_a_named_classifier(name: str, astronaut_path: Path, tmp_path: Path) -> None:
    code, _, errors = run(astronaut_path, "--classifier", name, "--out", tmp_path / "a.png")
    assert code == 0, errors
    assert np.ptp(read_image(tmp_path / "a.png")) > 200


def test_features_draws_feature_maps_and_activation_maps(astronaut_path: Path, tmp_path: Path) -> None:
    for layer in ("stage2", "activation"):
        code, output, errors = run(astronaut_path, "--layer", layer, "--out", tmp_path / "new" / f"{layer}.png")
        assert code == 0, errors
        assert output.strip().endswith(f"{layer}.png")
    first, second = (read_image(tmp_path / "new" / f"{layer}.png") for layer in ("stage2", "activation"))
    assert first.shape != second.shape
    assert np.ptp(second) > 200


def test_features_invalid_arguments_are_reported(astronaut_path: Path, tmp_path: Path) -> None:
    assert run()[0] == 2
    code, _, errors = run(astronaut_path, "--layer", "stage7")
    assert (code, "must be one of stem, stage1, stage2, stage3, activation" in errors) == (1, True)
    code, _, errors = run(astronaut_path, "--face", "2", "--out", tmp_path / "x.png")
    assert (code, "--face must be at most 1" in errors) == (1, True)
    (tmp_path / "black.png").write_bytes(encode_png(np.zeros((48, 48, 3), np.uint8)))
    code, _, errors = run(tmp_path / "black.png", "--out", tmp_path / "x.png")
    assert (code, "no face was found in" in errors) == (1, True)

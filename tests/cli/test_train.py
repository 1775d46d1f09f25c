"""`mememoji train` and `mememoji export`, from a source of images to weights with a true card."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from typer.testing import CliRunner

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.cli import app
from mememoji.datasets.face_sets.face_set import FaceSet, write_face_set
from mememoji.datasets.negatives import LabeledCrops, write_crops
from mememoji.datasets.splits import Split, read_split, write_split
from mememoji.training.classifier.classifier_presets import PRESETS, TEACHER_PRESETS

SENTENCE = "mine.csv: 28 images of train, without votes; without duplicates of val"
RUN = ["checkpoint.pt", "history.csv", "history.png", "report", "weights.card.json", "weights.onnx"]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def run(*arguments: str | Path) -> str:
    """Run a command that succeeds, and return what it writes to standard error."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stderr


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Own images, prepared: 28 of train and 14 of val, no two alike, without votes."""
    folder = tmp_path_factory.mktemp("data")
    coarse = np.random.default_rng(5).integers(40, 200, (42, 12, 12))
    images = coarse.repeat(4, axis=1).repeat(4, axis=2)  # (42, 48, 48)
    lines = ["emotion,pixels,Usage"]
    for index, image in enumerate(images):
        usage = "Training" if index < 28 else "PublicTest"
        lines.append(f"{index % 7},{' '.join(map(str, image.reshape(-1)))},{usage}")
    (folder / "mine.csv").write_text("\n".join(lines) + "\n")
    run("data", "prepare", folder / "mine.csv", "--out", folder / "prepared")
    return folder / "prepared"


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    log = run("train", "--data", data, "--out", out, "--preset", "debug", "--epochs", "1", "--batch-size", "14")
    # Not a terminal, so a line and no bar.
    assert re.search(r"^epoch 1/1: loss \d.*, val accuracy \d.*, lr \d.*, \d+ images/s$", log, re.MULTILINE)
    assert "\r" not in log
    return out


def test_train_without_data_shows_the_usage() -> None:
    result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 2
    assert "--data" in result.output


def test_train_writes_its_run_folder_and_a_card_of_its_data(trained: Path) -> None:
    assert names(trained) == RUN
    card = ModelCard.read(trained / "weights.card.json")
    assert card.trained_on == SENTENCE
    assert "FER2013" not in card.license + card.note
    assert card.scores["val"]["images"] == 14
    card.verify(trained / "weights.onnx")


def test_train_with_teachers_and_negatives_reports_them_in_the_card(trained: Path, data: Path, tmp_path: Path) -> None:
    crops = tmp_path / "crops.parquet"
    noise = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    write_crops(LabeledCrops(noise, np.arange(8) < 3), crops)
    call: list[str | Path] = [
        "train",
        "--data",
        data,
        "--out",
        tmp_path / "run",
        "--preset",
        "debug",
        "--epochs",
        "1",
        "--batch-size",
        "14",
    ]
    run(*call, "--teachers", trained, "--teachers", trained / "weights.onnx", "--negatives", crops)
    output = ModelCard.read(tmp_path / "run" / "weights.card.json").trained_on
    distilled = "distilled from 2 teachers: first, weights.onnx"
    assert output == f"{SENTENCE}; {distilled}; non-face output fitted on 8 crops (crops.parquet)"


def faces_file(path: Path) -> Path:
    """A face set of eight drawn faces, two of them unlabeled."""
    images = np.random.default_rng(9).integers(0, 256, (8, 64, 64)).astype(np.uint8)
    labels = np.array([0, 1, 2, 3, 4, 7, -1, -1], np.int8)
    trust = np.where(labels >= 0, 0.8, 0.0).astype(np.float32)
    write_face_set(FaceSet(images, labels, trust, ("drawn",) * 8, tuple("abcdefgh")), path)
    return path


def test_train_with_a_face_set_reports_it_in_the_card_and_in_a_later_export(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    faces, weights = faces_file(tmp_path / "faces.parquet"), trained / "weights.onnx"
    call: list[str | Path] = ["train", "--data", data, "--preset", "debug", "--epochs", "1", "--batch-size", "14"]
    mixed: list[str | Path] = ["--faces", f"{faces}:0.2", "--init-from", weights, "--teachers", weights]
    run(*call, *mixed, "--out", tmp_path / "run")
    run("export", tmp_path / "run", "--data", data, "--out", tmp_path / "net.onnx")
    for card in (tmp_path / "run" / "weights.card.json", tmp_path / "net.card.json"):
        assert ModelCard.read(card).trained_on == (
            f"{SENTENCE}; initialized from weights.onnx; 8 faces from 1 other sources, 6 of them labeled "
            "(faces.parquet), 20% of each batch; distilled from 1 teachers: weights.onnx"
        )


@pytest.mark.parametrize(
    ("request_of", "message"),
    [
        (lambda file: [f"{file}:1.5"], "share of a face set must be in (0, 1)"),
        (lambda file: [f"{file}:0.6", f"{file}:0.6"], "must sum to less than 1"),
        (lambda file: [f"{file}.missing:0.5"], "must be a face set, but does not exist"),
    ],
)
def test_train_with_an_invalid_share_or_file_is_rejected(
    data: Path, tmp_path: Path, request_of: Callable[[Path], list[str]], message: str
) -> None:
    requests = request_of(faces_file(tmp_path / "faces.parquet"))
    call = ["train", "--data", str(data), "--preset", "debug", "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(app, [*call, *(argument for request in requests for argument in ("--faces", request))])
    assert result.exit_code == 1
    assert message in result.stderr


def test_train_accepts_a_classifier_in_the_package_by_name(data: Path, tmp_path: Path) -> None:
    call: list[str | Path] = ["train", "--data", data, "--preset", "nano", "--epochs", "1", "--batch-size", "14"]
    run(*call, "--init-from", "nano", "--teachers", "nano", "--out", tmp_path / "run")
    card = ModelCard.read(tmp_path / "run" / "weights.card.json")
    assert card.trained_on == SENTENCE + "; initialized from nano.onnx; distilled from 1 teachers: nano.onnx"
    result = CliRunner().invoke(app, [*map(str, call), "--init-from", "huge", "--out", str(tmp_path / "other")])
    assert result.exit_code == 1
    assert "the classifier must be one of 'compact', 'nano', or the path of a weights file" in result.stderr


def test_export_needs_val_and_the_data_card_only(trained: Path, data: Path, tmp_path: Path) -> None:
    little = tmp_path / "little"
    little.mkdir()
    for name in ("val.parquet", "card.json"):
        shutil.copy(data / name, little)

    run("export", trained, "--data", little, "--out", tmp_path / "net.onnx", "--name", "mine")

    card = ModelCard.read(tmp_path / "net.card.json")
    assert card.trained_on == SENTENCE
    assert card.name.startswith("mine-")
    card.verify(tmp_path / "net.onnx")


def test_export_with_negatives_fits_the_non_face_output(trained: Path, data: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (8, 48, 48), np.uint8)
    write_crops(LabeledCrops(noise, np.arange(8) < 4), tmp_path / "c.parquet")

    run("export", trained, "--data", data, "--out", tmp_path / "net.onnx", "--negatives", tmp_path / "c.parquet")

    card = ModelCard.read(tmp_path / "net.card.json")
    assert card.trained_on == f"{SENTENCE}; non-face output fitted on 8 crops (c.parquet)"


def test_export_with_tau_reports_it_in_the_card(
    trained: Path, data: Path, pattern_split: Split, tmp_path: Path
) -> None:
    voted = shutil.copytree(data, tmp_path / "voted")
    write_split(pattern_split, voted / "train.parquet")
    run("export", trained, "--data", voted, "--tau", "0.3", "--out", tmp_path / "net.onnx")
    run("export", trained, "--data", voted, "--out", tmp_path / "plain.onnx")
    assert "; logits of the votes head adjusted (tau 0.3)" in ModelCard.read(tmp_path / "net.card.json").trained_on
    adjusted, plain = (
        OnnxClassifier(tmp_path / f"{name}.onnx").classify(pattern_split.images) for name in ("net", "plain")
    )
    assert not np.allclose(adjusted.compute_compositions(), plain.compute_compositions(), atol=1e-3)
    assert adjusted.labels is not None
    assert plain.labels is not None
    np.testing.assert_allclose(adjusted.labels, plain.labels, atol=1e-3)


def test_export_with_tau_needs_votes(trained: Path, data: Path, tmp_path: Path) -> None:
    call = ["export", str(trained), "--data", str(data), "--tau", "0.3", "--out", str(tmp_path / "net.onnx")]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 1
    assert "needs a train split with votes" in result.stderr


def test_export_without_a_data_card_reports_unknown_data(trained: Path, data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "val.parquet", tmp_path)

    run("export", trained, "--data", tmp_path, "--out", tmp_path / "net.onnx")

    assert ModelCard.read(tmp_path / "net.card.json").trained_on.startswith("split files without a card.json: ")


def test_train_with_a_damaged_data_card_fails_before_the_training(data: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(data, tmp_path / "broken")
    (broken / "card.json").write_text("{")

    result = CliRunner().invoke(app, ["train", "--data", str(broken), "--out", str(tmp_path / "run")])

    assert result.exit_code == 1
    assert "card.json must be a data card" in result.stderr
    assert not (tmp_path / "run").exists()


def test_train_list_presets_prints_every_preset() -> None:
    result = CliRunner().invoke(app, ["train", "--list-presets"])

    assert result.exit_code == 0, result.output
    presets = PRESETS | TEACHER_PRESETS
    assert [line.split()[0] for line in result.output.splitlines()] == list(presets)
    for line, config in zip(result.output.splitlines(), presets.values(), strict=True):
        assert line.endswith(f" parameters, {config.epochs} epochs")


def test_train_help_does_not_list_presets() -> None:
    output = CliRunner().invoke(app, ["train", "--help"]).output

    assert "--list-presets" in output
    assert [name for name in PRESETS if name in output.replace("[default: compact]", "")] == []


def test_train_with_an_unknown_preset_lists_the_presets(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["train", "--data", str(tmp_path), "--out", str(tmp_path), "--preset", "hour"])

    assert result.exit_code == 1
    assert f"the preset must be one of {', '.join(PRESETS | TEACHER_PRESETS)}, got 'hour'" in result.stderr


def test_train_from_a_run_reports_it_in_the_card_and_rejects_another_architecture(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    call: list[str | Path] = ["train", "--data", data, "--epochs", "1", "--batch-size", "14", "--init-from", trained]
    run(*call, "--out", tmp_path / "tuned", "--preset", "debug", "--soft-label-epochs", "0", "--sam-rho", "0.05")
    card = ModelCard.read(tmp_path / "tuned" / "weights.card.json")
    assert card.trained_on == SENTENCE + "; initialized from first"
    result = CliRunner().invoke(app, [*map(str, call), "--out", str(tmp_path / "other"), "--preset", "compact"])
    assert result.exit_code == 1
    assert "must have a network of the architecture" in result.stderr


def test_export_interpolates_with_a_run_or_a_file_and_reports_it_in_the_card(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    call: list[str | Path] = ["train", "--data", data, "--epochs", "1", "--batch-size", "14", "--init-from", trained]
    run(*call, "--preset", "debug", "--out", tmp_path / "on")
    images = read_split(data / "val.parquet").images

    def classify(file: Path) -> npt.NDArray[np.float32]:
        labels = OnnxClassifier(file).classify(images).labels
        assert labels is not None
        return labels

    on, between, half = tmp_path / "on", tmp_path / "between.onnx", tmp_path / "half.onnx"
    run("export", trained, "--interpolate-with", on, "--alpha", "0.25", "--data", data, "--out", between)
    assert ModelCard.read(tmp_path / "between.card.json").trained_on == (
        SENTENCE + "; weights interpolated (alpha 0.25) with on"
    )
    for end in (trained, on):
        assert not np.allclose(classify(between), classify(end / "weights.onnx"), atol=1e-6)
    file = trained / "weights.onnx"
    run("export", on, "--interpolate-with", file, "--alpha", "0.5", "--data", data, "--out", half)
    assert ModelCard.read(tmp_path / "half.card.json").trained_on == (
        SENTENCE + "; initialized from first; weights interpolated (alpha 0.5) with weights.onnx"
    )

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import find_shipped_weights, list_classifiers
from mememoji.cli.evaluate import evaluate
from mememoji.datasets.splits import Split, write_split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError, ModelError
from mememoji.image_io import encode_png

app = typer.Typer()
app.command()(evaluate)


@pytest.fixture
def data(pattern_split: Split, tmp_path: Path) -> Path:
    path = tmp_path / "val.parquet"
    write_split(pattern_split, path)
    return path


@pytest.fixture
def images(pattern_split: Split, tmp_path: Path) -> Path:
    """Class folders of 48x48 faces, an image that is cut off among them."""
    folder = tmp_path / "images"
    for number, (image, label) in enumerate(zip(pattern_split.images, pattern_split.labels, strict=True)):
        (folder / FER2013_LABELS[label]).mkdir(parents=True, exist_ok=True)
        (folder / FER2013_LABELS[label] / f"{number}.png").write_bytes(encode_png(image))
    (folder / "sad" / "damaged.png").write_bytes((folder / "sad" / "40.png").read_bytes()[:60])
    return folder


def _run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_evaluate_writes_a_report_and_prints_its_scores(pooled_weights: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    printed = _run("--data", data, "--weights", pooled_weights, "--out", out)

    content = json.loads((out / "report.json").read_text())
    assert "pooled 1 on val.parquet, 70 images" in printed
    assert f"{100 * content['fer7']['accuracy']:.1f}" in printed
    assert str(out / "report.md") in printed
    assert (out / "examples.png").is_file()


def test_no_figures_draws_no_faces(pooled_weights: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _run("--data", data, "--weights", pooled_weights, "--out", out, "--no-figures", "--seed", "5")

    assert not (out / "examples.png").exists()
    assert json.loads((out / "report.json").read_text())["seed"] == 5


def test_shipped_weights_are_the_default(data: Path, tmp_path: Path) -> None:
    try:
        weights = find_shipped_weights()
    except ModelError as error:
        pytest.skip(str(error))
    _run("--data", data, "--out", tmp_path / "out", "--no-figures")

    content = json.loads((tmp_path / "out" / "report.json").read_text())
    assert content["weights"]["sha256"] == OnnxClassifier(weights).card.sha256


@pytest.mark.parametrize("name", list_classifiers())
def test_classifier_is_selected_by_name(name: str, data: Path, tmp_path: Path) -> None:
    _run("--data", data, "--classifier", name, "--out", tmp_path / "out", "--no-figures")

    content = json.loads((tmp_path / "out" / "report.json").read_text())
    assert content["weights"]["sha256"] == OnnxClassifier(find_shipped_weights(name)).card.sha256


def test_against_selects_a_classifier_by_name(pooled_weights: Path, data: Path, tmp_path: Path) -> None:
    options = ("--weights", pooled_weights, "--against", "compact", "--no-figures", "--out", tmp_path / "out")
    assert "McNemar p" in _run("--data", data, *options)


@pytest.mark.parametrize(
    ("missing", "error"), [("data", DatasetError), ("weights", ModelError)], ids=["no data", "no weights"]
)
def test_missing_file_is_an_error_and_writes_nothing(
    missing: str, error: type[Exception], pooled_weights: Path, data: Path, tmp_path: Path
) -> None:
    files = {"data": data, "weights": pooled_weights} | {missing: tmp_path / "nowhere"}
    with pytest.raises(error, match="nowhere"):
        _run("--data", files["data"], "--weights", files["weights"], "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_images_are_evaluated_end_to_end(pooled_weights: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    printed = _run("--images", images, "--weights", pooled_weights, "--detector", "full-image", "--out", out)

    content = json.loads((out / "images.json").read_text())
    assert "pooled 1 on images, 70 images, end to end" in printed
    assert f"{100 * content['decision_rules']['composition']['accuracy']:.1f}" in printed
    assert content["detector"]["name"] == "full-image"
    assert content["data"]["skipped"]["damaged"] == ["images/sad/damaged.png"]
    assert "skipped, damaged: 1" in printed
    assert (out / "images-errors.png").is_file()
    assert not (out / "report.md").exists()


def test_split_and_images_get_a_summary(pooled_weights: Path, data: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--detector", "full-image", "--margin", "-0.1", "--no-figures", "--out", out)

    printed = _run(
        "--data", data, "--images", images, "--weights", pooled_weights, "--against", pooled_weights, *options
    )

    summary = (out / "summary.md").read_text()
    assert "| accuracy, 7 classes |" in summary
    assert printed.count("McNemar p") == 2
    assert not {"examples.png", "images-errors.png"} & {file.name for file in out.iterdir()}
    assert json.loads((out / "images.json").read_text())["detector"]["margin"] == -0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "or both"),
        (["--data", "DATA", "--against", "micro"], "must be one of"),
        (["--data", "DATA", "--classifier", "micro"], "must be one of"),
        (["--data", "DATA", "--use-boxes"], "need --images"),
        (["--data", "DATA", "--detector", "haar"], "need --images"),
        (["--images", "IMAGES", "--use-boxes"], "has no boxes"),
        (["--images", "IMAGES", "--detector", "eyes"], "detector must be one of"),
    ],
)
def test_invalid_options_are_rejected(
    arguments: list[str], message: str, data: Path, images: Path, tmp_path: Path
) -> None:
    places = {"DATA": str(data), "IMAGES": str(images)}
    named = [places.get(argument, argument) for argument in arguments]
    result = CliRunner().invoke(app, [*named, "--out", str(tmp_path / "out")], env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "out").exists()

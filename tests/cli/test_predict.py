"""`mememoji predict`."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from mememoji.cli import app
from mememoji.emotions import Emotion
from mememoji.image_io import END_MISSING, read_image

Predict = Callable[..., Result]


@pytest.fixture
def predict(pooled_weights: Path) -> Predict:
    """Runs the command with a small network."""

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        command = ["predict", "--weights", str(pooled_weights), *map(str, arguments)]
        return CliRunner().invoke(app, command, input=stdin)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three images, one of them in a subfolder, and four files that must not be read."""
    root = tmp_path / "images"
    (root / "more").mkdir(parents=True)
    (root / ".hidden").mkdir()
    rng = np.random.default_rng(1)
    for name in ("b.png", "a.jpg", "more/a.PNG", ".hidden/c.png", ".d.png"):
        Image.fromarray(rng.integers(0, 256, (60, 70, 3), np.uint8)).save(root / name)
    (root / "notes.md").write_text("not an image")
    (root / "clip.mp4").write_bytes(b"not an image")
    return root


def paths_of(result: Result) -> list[str]:
    return [item["path"] for item in json.loads(result.stdout)]


def test_predict_empty_folder_is_reported(predict: Predict, tmp_path: Path) -> None:
    result = predict(tmp_path, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == []
    assert result.stderr == f"mememoji: {tmp_path}: no images to read in this folder\n"


def test_predict_json_reports_a_face(predict: Predict, astronaut_path: Path) -> None:
    result = predict(astronaut_path, "--json", "--detector", "haar")
    assert (result.exit_code, result.stderr) == (0, "")
    (item,) = json.loads(result.stdout)
    assert item["path"] == str(astronaut_path)
    assert (item["width"], item["height"], item["detector"], item["model"]) == (512, 512, "haar", "pooled 1")
    (face,) = item["faces"]
    assert sum(face["composition"].values()) == pytest.approx(1, abs=1e-4)
    assert face["top"] == max(face["composition"], key=face["composition"].get)


@pytest.mark.parametrize("name", list_classifiers())
def test_predict_takes_a_classifier_by_name(name: str, astronaut_path: Path) -> None:
    result = CliRunner().invoke(app, ["predict", str(astronaut_path), "--json", "--classifier", name])
    assert result.exit_code == 0, result.stderr
    (item,) = json.loads(result.stdout)
    assert item["model"] == load_shipped_classifier(name).card.name
    assert [face["top"] for face in item["faces"]] == ["happy"]


def test_predict_unknown_classifier_is_a_usage_error(predict: Predict, astronaut_path: Path) -> None:
    result = CliRunner().invoke(app, ["predict", str(astronaut_path), "--classifier", "micro"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "or the path of a weights file (.onnx), got 'micro'" in " ".join(result.stderr.split())
    result = predict(astronaut_path, "--classifier", "compact")
    assert result.exit_code == 2
    assert "--classifier and --weights exclude each other" in " ".join(result.stderr.split())


def test_predict_table_reports_a_face(predict: Predict, astronaut_path: Path) -> None:
    result = predict(astronaut_path, "--detector", "haar")
    header, row = result.stdout.splitlines()
    assert " ".join(header.split()) == "image face top angry fear happy sad surprise neutral face-score box"
    assert "astronaut.png" in row
    percentages = [int(word[:-1]) for word in row.split() if word.endswith("%")]
    assert len(percentages) == 7
    assert sum(percentages[:6]) == pytest.approx(100, abs=3)


def test_predict_image_without_face_is_not_an_error(predict: Predict, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "white").save(tmp_path / "white.png")
    result = predict(tmp_path / "white.png", "--detector", "haar")
    assert result.exit_code == 0
    assert "no face" in result.stdout
    assert json.loads(predict(tmp_path / "white.png", "--detector", "haar", "--json").stdout)[0]["faces"] == []


def test_predict_folder_is_read_in_order(predict: Predict, folder: Path) -> None:
    result = predict(folder, "--json", "--detector", "full-image")
    assert result.exit_code == 0
    assert paths_of(result) == [str(folder / name) for name in ("a.jpg", "b.png", "more/a.PNG")]


def test_predict_reads_standard_input(predict: Predict, folder: Path) -> None:
    result = predict("-", "--json", "--detector", "full-image", stdin=(folder / "b.png").read_bytes())
    (item,) = json.loads(result.stdout)
    assert (item["path"], len(item["faces"])) == ("-", 1)


def test_predict_invalid_file_does_not_stop_the_others(predict: Predict, folder: Path) -> None:
    bad = folder / "notes.md"
    result = predict(bad, folder / "missing.jpg", folder / "b.png", "--json", "--detector", "full-image")
    assert result.exit_code == 1
    first, second, third = json.loads(result.stdout)
    assert first["path"] == str(bad)
    assert "expected JPEG" in first["error"]
    assert "missing.jpg" in second["error"]
    assert len(third["faces"]) == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("mememoji: ") and line.count(str(folder)) == 1 for line in lines)
    assert "b.png" in predict(bad, folder / "b.png", "--detector", "full-image").stdout


def test_predict_invalid_standard_input_is_reported_by_name(predict: Predict) -> None:
    result = predict("-", stdin=b"")
    assert result.exit_code == 1
    assert result.stderr.startswith("mememoji: -: ")


def test_predict_saves_annotated_copies_and_crops(predict: Predict, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "copies"
    result = predict(
        *(folder, "-", "--json", "--detector", "full-image", "--save-annotated", out, "--save-crops", out),
        stdin=(folder / "a.jpg").read_bytes(),
    )
    items = json.loads(result.stdout)
    names = [Path(item["annotated"]).relative_to(out).as_posix() for item in items]
    assert names == ["a.jpg", "b.png", "more/a.png", "stdin.jpg"]
    crops = [Path(path).relative_to(out).as_posix() for item in items for path in item["crops"]]
    assert crops == ["a-face-1.png", "b-face-1.png", "more/a-face-1.png", "stdin-face-1.png"]
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*"))
    assert files == sorted([*names, *crops, "crops.csv"])
    for item in items:
        assert read_image(item["annotated"]).shape == (60 * 6, 70 * 6, 3)
        # The margin of this detector is 0, so the crop is a square with the longer side of the image.
        assert read_image(item["crops"][0]).shape == (70, 70, 3)


def test_predict_never_overwrites_its_inputs(predict: Predict, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.glob("*.*g")}
    result = predict(
        folder / "a.jpg", folder / "b.png", "--json", "--detector", "full-image", "--save-annotated", folder
    )
    assert [Path(item["annotated"]).name for item in json.loads(result.stdout)] == ["a-2.jpg", "b-2.png"]
    assert {path: path.read_bytes() for path in before} == before


def test_predict_does_not_read_what_it_saved(predict: Predict, folder: Path) -> None:
    whole = ("--json", "--detector", "full-image")
    before = paths_of(predict(folder, *whole))
    # The second run replaces what the first one wrote.
    results = [predict(folder, *whole, "--save-crops", folder) for _ in range(2)]
    assert results[0].stdout == results[1].stdout
    results.append(predict(folder, *whole, "--save-annotated", folder / "drawn"))
    results.append(predict(folder, *whole))
    assert [(paths_of(result), result.exit_code) for result in results] == [(before, 0)] * 4
    assert results[-1].stderr == "mememoji: 6 images skipped that mememoji saved; to read one, name the file itself\n"
    # A file that is named is read.
    drawn = folder / "drawn" / "a.jpg"
    assert paths_of(predict(drawn, *whole)) == [str(drawn)]


def test_predict_saves_copies_and_crops_of_similar_names_to_one_folder(
    predict: Predict, folder: Path, tmp_path: Path
) -> None:
    (folder / "more" / "a.PNG").rename(folder / "a-face-1.png")
    out = tmp_path / "out"
    result = predict(folder, "--json", "--detector", "full-image", "--save-annotated", out, "--save-crops", out)
    saved = [path for item in json.loads(result.stdout) for path in (item["annotated"], *item["crops"])]
    assert len(set(saved)) == len(saved) == len(list(out.glob("*.*g"))) == 6


def test_predict_never_replaces_a_file_that_it_did_not_save(predict: Predict, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.jpg").write_bytes(b"mine")
    (out / "b.png").symlink_to(folder / "b.png")
    before = (folder / "b.png").read_bytes()
    arguments = (folder / "a.jpg", folder / "b.png", "--json", "--detector", "full-image", "--save-annotated", out)
    for _ in range(2):
        items = json.loads(predict(*arguments).stdout)
        assert [Path(item["annotated"]).name for item in items] == ["a-2.jpg", "b-2.png"]
    assert ((out / "a.jpg").read_bytes(), (folder / "b.png").read_bytes()) == (b"mine", before)


def test_predict_saves_images_of_one_name_under_different_names(predict: Predict, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "images"
    other.mkdir(parents=True)
    (folder / "a.jpg").rename(other / "b.png")

    def crops_of(*paths: Path) -> list[str]:
        out = tmp_path / "-".join(path.name for path in paths)
        items = json.loads(predict(*paths, "--json", "--detector", "full-image", "--save-crops", out).stdout)
        return [Path(crop).relative_to(out).as_posix() for item in items for crop in item["crops"]]

    assert crops_of(folder, other) == [
        "images/b-face-1.png",
        "images/more/a-face-1.png",
        "images-2/b-face-1.png",
    ]
    more = folder / "more" / "b.JPG"
    (other / "b.png").rename(more)
    assert crops_of(folder / "b.png", more) == ["images/b-face-1.png", "more/b-face-1.png"]
    assert crops_of(folder / "b.png", folder / "more") == ["b-face-1.png", "a-face-1.png", "b-2-face-1.png"]


def test_predict_table_of_crops_has_a_row_for_each_face(predict: Predict, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (folder / "b.png").rename(folder / 'one, "two".png')

    def rows_after(*paths: Path) -> list[dict[str, str]]:
        assert predict(*paths, "--detector", "full-image", "--save-crops", out).exit_code == 0
        with (out / "crops.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    rows = rows_after(folder)
    assert [Path(row["image"]).name for row in rows] == ["a.jpg", "a.PNG", 'one, "two".png']
    assert [row["crop"] for row in rows] == ["a-face-1.png", "more/a-face-1.png", 'one, "two"-face-1.png']
    assert [rows[0][name] for name in ("face", "x", "y", "width", "height", "confidence")] == [
        "1",
        *"00",
        "70",
        "60",
        "",
    ]
    fractions = {emotion.value: float(rows[0][emotion.value]) for emotion in Emotion}
    assert sum(fractions.values()) == pytest.approx(1, abs=1e-3)
    assert rows[0]["top"] == max(fractions, key=fractions.__getitem__)
    # A later run replaces the rows of its own images only.
    assert rows_after(folder / "a.jpg") == rows
    header = (out / "crops.csv").read_text(encoding="utf-8").partition("\n")[0]
    for other in ("my,own\n1,2\n", f"{header}\na.png,a\n"):
        (out / "crops.csv").write_text(other)
        result = predict(folder, "--save-crops", out)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.endswith("crops.csv must be a table of crops; move it, or choose another folder\n")


def test_predict_reports_a_file_without_its_end_mark(predict: Predict, folder: Path) -> None:
    image = folder / "a.jpg"
    image.write_bytes(image.read_bytes()[:-2])
    result = predict(folder, "--json", "--detector", "full-image")
    assert result.exit_code == 0
    assert result.stderr == f"mememoji: {image}: {END_MISSING}\n"
    assert [item["warnings"] for item in json.loads(result.stdout)] == [[END_MISSING], [], []]


def test_predict_folder_that_cannot_be_created_is_reported(predict: Predict, folder: Path) -> None:
    result = predict(folder, "--save-annotated", folder / "b.png")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "cannot be created" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["x.jpg", "--detector", "face"], "got 'face'"),
        (["x.jpg", "--detector", "haar", "--detector-weights", "x.onnx"], "does not accept a weights file"),
        (["x.jpg", "--color"], "No such option"),
    ],
)
def test_predict_usage_errors_have_exit_code_2(predict: Predict, arguments: list[str], message: str) -> None:
    result = predict(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_predict_missing_weights_are_reported_in_one_line(astronaut_path: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["predict", str(astronaut_path), "--weights", str(tmp_path / "net.onnx")])
    assert result.exit_code == 1
    assert result.stderr.startswith("mememoji: no model card")
    assert result.stderr.count("\n") == 1


def test_predict_finds_the_faces_of_real_images(shared: Path) -> None:
    result = CliRunner().invoke(app, ["predict", str(shared / "photos"), "--json", "--detector", "haar"])
    assert result.exit_code == 0
    faces: dict[str, Any] = {Path(item["path"]).name: item["faces"] for item in json.loads(result.stdout)}
    assert len(faces["astronaut.png"]) == len(faces["one-happy-face.jpg"]) == 1
    assert faces["no-faces.jpg"] == []
    assert len(faces["five-people.jpg"]) in (4, 5)
    assert faces["astronaut.png"][0]["top"] == "happy"
    assert faces["one-happy-face.jpg"][0]["composition"]["happy"] > 0.8


def test_predict_draws_memes_on_annotated_copies(predict: Predict, folder: Path, tmp_path: Path) -> None:
    plain, memes = tmp_path / "plain", tmp_path / "memes"
    predict(folder / "b.png", "--detector", "full-image", "--save-annotated", plain)
    result = predict(folder / "b.png", "--detector", "full-image", "--save-annotated", memes, "--memes")
    assert result.exit_code == 0
    assert read_image(memes / "b.png").shape == read_image(plain / "b.png").shape
    assert (read_image(memes / "b.png") != read_image(plain / "b.png")).any()


def test_predict_memes_need_annotated_copies(predict: Predict, folder: Path) -> None:
    result = predict(folder / "b.png", "--memes")
    assert result.exit_code == 2
    assert "--save-annotated DIR" in " ".join(result.stderr.split())

"""Outputs that are inputs, and outputs with unknown suffixes, in every command: refused before anything is written."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "SOURCE", "--precision", "float16", "--data", "data", "--out", "LINK"],
        ["calibrate", "weights.onnx", "--data", "SOURCE", "--out", "LINK"],
        ["export", "run", "--data", "data", "--negatives", "SOURCE", "--out", "LINK"],
        ["detector", "export", "run", "--val", "SOURCE", "--out", "LINK"],
        ["features", "SOURCE", "--out", "LINK"],
        ["data", "crops", "SOURCE", "--out", "LINK"],
        ["data", "faces", "SOURCE", "--out", "faces.parquet", "--sheet", "LINK"],
        ["live", "--headless", "--source", "SOURCE", "--csv", "LINK"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_output_that_is_an_input_is_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    suffix = {"data": ".parquet", "features": ".png", "live": ".csv"}.get(arguments[0], ".onnx")
    source, link = Path(f"source{suffix}"), Path(f"link{'.png' if '--sheet' in arguments else suffix}")
    source.write_bytes(b"content")
    link.hardlink_to(source)
    names = {"SOURCE": str(source), "LINK": str(link)}
    result = CliRunner().invoke(app, [names.get(word, word) for word in arguments])
    assert result.exit_code == 1
    assert "must be different files, but are the same" in result.stderr
    assert source.read_bytes() == b"content"
    assert sorted(path.name for path in Path().iterdir()) == sorted([source.name, link.name])


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (["convert", "w.onnx", "--precision", "int8", "--data", "data", "--out", "w"], ".onnx, got w"),
        (["features", "a.png", "--out", "a.jpg"], ".png, got a.jpg"),
        (["data", "crops", "images", "--out", "crops.csv"], ".parquet, got crops.csv"),
        (["data", "faces", ".", "--out", "faces.parquet", "--sheet", "sheet"], ".png, got sheet"),
    ],
)
def test_output_with_an_unknown_suffix_is_refused(
    arguments: list[str], known: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert f"must end in {known}" in result.stderr


def test_data_prepare_into_the_folder_of_its_source_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "train.parquet"
    source.write_bytes(b"content")
    result = CliRunner().invoke(app, ["data", "prepare", str(source), "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "train.parquet is read from it; name another folder" in result.stderr
    assert source.read_bytes() == b"content"

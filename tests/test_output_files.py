"""Checks of output paths."""

import os
from pathlib import Path

import pytest

from mememoji.errors import InputError
from mememoji.output_files import check_output_folder, check_outputs, check_suffix, is_same_file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"video")
    return path


def test_check_outputs_of_different_files_passes(source: Path, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    check_outputs({}, {"the video": source})
    check_outputs({"--out": tmp_path / "new.mp4", "--csv": tmp_path / "old.csv", "--plot": None}, {"the video": source})
    assert (tmp_path / "old.csv").read_text() == "old"


@pytest.mark.parametrize("kind", ["same", "dots", "relative", "symbolic link", "linked folder", "hard link"])
def test_check_outputs_finds_the_input_under_any_path(
    source: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    if kind == "same":
        other = source
    elif kind == "dots":
        (tmp_path / "folder").mkdir()
        other = tmp_path / "folder" / ".." / "talk.mp4"
    elif kind == "relative":
        monkeypatch.chdir(tmp_path)
        other = Path("talk.mp4")
    elif kind == "symbolic link":
        other.symlink_to(source)
    elif kind == "linked folder":
        other.symlink_to(tmp_path)
        other /= "talk.mp4"
    else:
        other.hardlink_to(source)
    with pytest.raises(InputError, match=r"--out .* and the video .*must be different files.*another name for --out"):
        check_outputs({"--out": other}, {"the video": source})


def test_check_outputs_finds_two_outputs_that_are_one_new_file(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "new.csv")
    for other in (tmp_path / "new.csv", tmp_path / "link", tmp_path / "." / "new.csv"):
        with pytest.raises(InputError, match=r"--summary .* and --csv .* must be different files"):
            check_outputs({"--csv": tmp_path / "new.csv", "--summary": other}, {"the video": source})
    check_outputs({"--csv": Path(os.devnull), "--summary": Path(os.devnull)}, {"the video": source})


def test_is_same_file_of_spellings_in_another_case_follows_the_file_system(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    probe.touch()
    ignores_case = (tmp_path / "PROBE").exists()
    assert is_same_file(tmp_path / "new.csv", tmp_path / "New.CSV") is ignores_case
    assert not is_same_file(probe, tmp_path / "new.csv")


def test_check_output_folder_finds_an_input_inside(source: Path, tmp_path: Path) -> None:
    check_output_folder(tmp_path / "new", [source, None])
    for folder in (tmp_path, source):
        with pytest.raises(InputError, match=r"talk\.mp4 is read from it; name another folder"):
            check_output_folder(folder, [source])


def test_check_suffix_names_the_known_ones() -> None:
    for path in (None, Path("plot.png"), Path("PLOT.SVG"), Path(os.devnull)):
        check_suffix("--plot", path, (".png", ".svg"))
    for name in ("plot", "plot.xyz", ".png", "plot."):
        with pytest.raises(InputError, match=r"--plot must end in \.png or \.svg, got " + name):
            check_suffix("--plot", Path(name), (".png", ".svg"))

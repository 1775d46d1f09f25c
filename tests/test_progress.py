"""Progress as lines, where standard error is not a terminal; the bar is tested with `mememoji predict`'s console."""

import pytest

from mememoji.progress import ProgressBar, track_progress


def test_lines_are_written_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(2000, "reading", "rows", min_line_interval=0) as bar:
        for _ in range(2000):
            bar.advance()
    lines = capsys.readouterr().err.split("\n")
    assert [line.split(" rows, ")[0] for line in lines[:-1]] == [
        f"reading: {10 * n}%, {200 * n:,} of 2,000" for n in range(1, 11)
    ]
    assert all(line.endswith(" left") for line in lines[:-2])
    assert lines[-2].endswith(" rows/s")


def test_work_that_takes_moments_has_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track_progress(range(100), "reading")) == list(range(100))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("is_shown", "expected"), [(True, "epoch 1/2: loss 0.5, "), (False, "")])
def test_write_line_adds_the_time_left(is_shown: bool, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(10, "training", is_shown=is_shown, has_lines=False, min_line_interval=0) as bar:
        bar.advance(5)
        bar.write_line("epoch 1/2: loss 0.5")
    text = capsys.readouterr().err
    assert text.startswith(expected)
    assert text == "" or text.endswith(" s left\n")

"""The end of a command: one line, and an exit code."""

import errno
import signal
import subprocess
import sys

import pytest

from mememoji.cli.exit_codes import exit_on_errors
from mememoji.errors import InputError


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("no\nface"), 1, "no face"),
        (
            OSError(errno.ENOSPC, "No space left on device", "out/report.md"),
            1,
            "out/report.md: No space left on device",
        ),
        (OSError("the file is truncated"), 1, "the file is truncated"),
        (MemoryError("24.0 GiB"), 1, "not enough memory: 24.0 GiB"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_error_is_one_line(error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, exit_on_errors():
        raise error
    assert (ended.value.code, capsys.readouterr().err) == (code, f"mememoji: {line}\n")


def test_other_errors_are_raised_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), exit_on_errors():
        _ = 1 / 0


def test_sigterm_cleans_up_and_ends_the_process_by_the_signal() -> None:
    program = (
        "import time\nfrom mememoji.cli.exit_codes import exit_on_errors, raise_on_sigterm\n"
        # Twice, as around the command line and around each of its commands.
        "raise_on_sigterm()\nwith exit_on_errors(), exit_on_errors():\n"
        "    try:\n        print('ready', flush=True)\n        time.sleep(60)\n"
        "    finally:\n        print('cleaned up', flush=True)\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        out, error = process.communicate(timeout=60)
    assert (process.returncode, out, error) == (-signal.SIGTERM, "cleaned up\n", "mememoji: terminated\n")

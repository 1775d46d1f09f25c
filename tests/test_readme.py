"""What README shows is run."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for kind, text in fenced if kind == language]


def shown_commands() -> list[str]:
    text = "\n".join(blocks(""))
    return sorted(set(re.findall(r"^(?:.*/bin/)?mememoji ((?:data |detector |store )?[a-z]+)", text, re.MULTILINE)))


def test_the_python_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    monkeypatch.chdir(ROOT)
    exec(compile(example, "README.md", "exec"), {})
    assert "happy" in capsys.readouterr().out


def test_commands_are_shown() -> None:
    assert {"predict", "data prepare", "train", "evaluate"} <= set(shown_commands())


@pytest.mark.parametrize("command", shown_commands())
def test_every_command_shown_is_there(command: str) -> None:
    assert CliRunner().invoke(app, [*command.split(), "--help"]).exit_code == 0


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_continuous_integration_finds_the_test_command() -> None:
    between = README.split("<!-- the tests -->")[1].split("<!-- end -->")[0]
    (command,) = [line for line in between.splitlines() if line.startswith("python3 ")]
    assert "pytest" in command

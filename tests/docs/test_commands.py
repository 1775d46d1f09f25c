"""Every `mememoji` command that the documentation shows exists, with its options."""

import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from mememoji.cli import app
from tests.docs.pages import ROOT, blocks, written_pages

COMMANDS: Final = typer.main.get_command(app)


def shown_commands() -> list[tuple[str, str]]:
    """Return each line of a shell block that runs `mememoji`, with its page."""
    lines = []
    for page in written_pages():
        for block in blocks(page, "", "sh", "bash", "console"):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.search(r"(?:^|&& |/bin/|[A-Z]=\S+ )(mememoji [^#]*)", line)
                if found:
                    lines.append((page.relative_to(ROOT).as_posix(), found[1].strip()))
    return lines


def inline_commands() -> list[tuple[str, str]]:
    """Return each command in running text, such as `mememoji model --list`."""
    lines = []
    for page in written_pages():
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = re.findall(r"`(mememoji [a-z][^`]*)`", text)
        lines += [(page.relative_to(ROOT).as_posix(), line) for line in found]
    return lines


def find_problem(line: str) -> str | None:
    """Return what is wrong with a command, None if nothing is."""
    words = shlex.split(line.split(" && ")[0].split(" | ")[0])[1:]
    command: Any = COMMANDS
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        if name not in command.commands:
            return f"no command {name!r}"
        command = command.commands[name]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options.add("--help")
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in options]
    return f"no option {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize(("page", "line"), sorted(set(shown_commands() + inline_commands())))
def test_shown_command_exists_with_its_options(page: str, line: str) -> None:
    problem = find_problem(line)
    assert problem is None, f"{page}: {line}: {problem}"


def test_documentation_shows_every_command() -> None:
    shown = {line for _, line in shown_commands() + inline_commands()}
    for path in _command_paths("mememoji", COMMANDS):
        assert any(line.startswith(path) for line in shown), f"no page shows `{path}`"


def _command_paths(path: str, command: Any) -> list[str]:
    children = getattr(command, "commands", None)
    if children is None:
        return [path]
    return [found for name, child in children.items() for found in _command_paths(f"{path} {name}", child)]


def test_shown_commands_are_found() -> None:
    assert ("docs/quickstart.md", "mememoji serve") in shown_commands()


@pytest.mark.parametrize("page", written_pages(), ids=lambda page: page.stem)
def test_benchmarks_in_page_exist_with_their_options(page: Path) -> None:
    for module, arguments in re.findall(r"python -m benchmarks\.(\w+)([^`\n]*)", page.read_text(encoding="utf-8")):
        source = (ROOT / "benchmarks" / f"{module}.py").read_text(encoding="utf-8")
        for option in re.findall(r"--[a-z-]+", arguments):
            assert f'"{option}"' in source or option == "--help", f"{module} has no {option}"

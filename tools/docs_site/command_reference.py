"""The command line's reference page, from the commands that Typer registers."""

import inspect
from collections.abc import Iterator
from typing import Any, Final

import typer

from mememoji.cli import app
from tools.docs_site.markdown import code, table

_EXIT_CODES: Final = """
## Exit codes

| code | meaning |
|---|---|
| 0 | Everything was done. |
| 1 | Something failed, which a line on standard error names: an input, the disk, standard output. |
| 2 | The command was used incorrectly. |
| 130 | Ctrl-C interrupted the command. |
| 141 | The reader of standard output ended first, as that of a pipe to `head -1` does. There is no line. |
| 143 | SIGTERM ended the command. Temporary files are removed. |
"""


def command_page() -> str:
    """Return the page with one section for each command: usage, description, arguments and options."""
    sections = [_section(path, command) for path, command in walk_commands()]
    intro = "`mememoji COMMAND --help` prints the same. `python -m mememoji` runs the command line too.\n"
    return "\n".join(["# Command line\n", intro, *sections, _EXIT_CODES])


def walk_commands() -> Iterator[tuple[str, Any]]:
    """Yield each command's path, such as `data prepare`, with its click command; groups are not commands."""
    root = typer.main.get_command(app)
    yield from _walk("", root)


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        if not child.hidden:
            yield from _walk(f"{path} {name}".strip(), child)


def _section(path: str, command: Any) -> str:
    context = command.make_context(path, [], resilient_parsing=True)
    pieces = " ".join(command.collect_usage_pieces(context))
    help_text = inspect.cleandoc(command.help or "")
    lines = [f"## {path}", "", "```", f"mememoji {path} {pieces}", "```", "", help_text, ""]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    if arguments:
        rows = [(code(p.human_readable_name), getattr(p, "help", None) or "") for p in arguments]
        lines += [table(("argument", "meaning"), rows)]
    options = [p for p in command.params if p.param_type_name == "option" and "--help" not in p.opts]
    if options:
        lines += [table(("option", "default", "meaning"), [_option_row(p, context) for p in options])]
    return "\n".join(lines)


def _option_row(option: Any, context: Any) -> tuple[str, str, str]:
    names = ", ".join(code(name) for name in option.opts)
    if option.secondary_opts:
        names += " / " + ", ".join(code(name) for name in option.secondary_opts)
    metavar = "" if option.is_flag else f" {code(option.make_metavar(context))}"
    meaning = option.help or ""
    if option.required:
        meaning = f"{meaning} Required.".strip()
    if option.multiple:
        meaning = f"{meaning} May be repeated.".strip()
    return names + metavar, _default(option), meaning


def _default(option: Any) -> str:
    value = option.default
    if value is None or callable(value) or option.required or value in ((), [], ""):
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if not isinstance(value, str | int | float):
        return ""
    return code(value)

"""The command line `mememoji`: one module per group of commands, with heavy imports inside the commands."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mememoji.cli import data, detector, store
from mememoji.cli.convert import calibrate, convert
from mememoji.cli.distill import distill
from mememoji.cli.evaluate import evaluate
from mememoji.cli.exit_codes import exit_on_errors, raise_on_sigterm
from mememoji.cli.features import features
from mememoji.cli.live import live
from mememoji.cli.model import model
from mememoji.cli.predict import predict
from mememoji.cli.search import search
from mememoji.cli.serve import serve
from mememoji.cli.standard_streams import open_standard_streams
from mememoji.cli.train import export, train
from mememoji.cli.verbosity import HELP, add_verbose_option, hide_library_messages, show_library_messages
from mememoji.cli.video import video
from mememoji.version import __version__


class _Commands(TyperGroup):
    """A command group that reports errors as one line on standard error, and whose commands have `--verbose`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        add_verbose_option(self)

    def main(self, *args: Any, **options: Any) -> Any:
        # Help and version are printed before a command is invoked.
        with exit_on_errors():
            return super().main(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        # Typer ends an interrupted command without a line.
        with exit_on_errors():
            return super().invoke(ctx)


app = typer.Typer(
    name="mememoji",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    # Plain help, because the library for formatted help takes longer to load than everything else.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"mememoji {__version__}")
        raise typer.Exit


def _show_library_messages(requested: bool) -> None:
    if requested:
        show_library_messages()


@app.callback()
def _mememoji(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", callback=_show_library_messages, is_eager=True, help=HELP)
    ] = False,
) -> None:
    """Read facial expressions: find faces in images and predict how much of each of six emotions they show."""


app.command()(predict)
app.command()(video)
app.command()(live)
app.command()(model)
app.command()(serve)
app.add_typer(data.app, name="data")
app.add_typer(detector.app, name="detector")
app.add_typer(store.app, name="store")
app.command()(train)
app.command()(distill)
app.command()(search)
app.command()(evaluate)
app.command()(export)
app.command()(features)
app.command()(calibrate)
app.command()(convert)


def main() -> None:
    """Run the command line in a process of its own; the exit codes are those of `mememoji.cli.exit_codes`."""
    open_standard_streams()
    hide_library_messages()
    raise_on_sigterm()
    try:
        app(prog_name="mememoji")
    finally:
        with exit_on_errors():
            sys.stdout.flush()

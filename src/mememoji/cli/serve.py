"""`mememoji serve`: faces over HTTP."""

import json
from typing import Annotated

import typer

from mememoji.errors import InputError, MissingExtraError


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.", show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer.", show_default="1")] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="The classifier in the package, as `mememoji model --list` names them.",
            metavar="NAME",
            show_default="compact",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="Where images are remembered: sqlite:///FILE, postgresql://…, mongodb://HOST/DATABASE, or none.",
            metavar="URL",
            show_default="sqlite:///mememoji.db",
        ),
    ] = None,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print every setting, as it would be used, and exit.")
    ] = False,
) -> None:
    """Answer over HTTP: find faces, say what they show, take feedback.

    Every setting is an environment variable, listed by --show-settings; options go before variables.
    """
    try:
        from pydantic import ValidationError

        from mememoji.service.server.process import serve as run
        from mememoji.service.settings import ServiceSettings
    except ModuleNotFoundError as error:
        raise MissingExtraError("serve", "the service") from error

    given = {"host": host, "port": port, "workers": workers, "classifier": classifier, "store": store}
    try:
        settings = ServiceSettings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        told = (("".join(map(str, e["loc"][:1])), e["msg"].removeprefix("Value error, ")) for e in error.errors())
        lines = [f"MEMEMOJI_{name.upper()}: {message}" if name else message for name, message in told]
        raise InputError("; ".join(lines)) from error
    if show_settings:
        typer.echo(json.dumps(settings.shown(), indent=2))
        return
    run(settings)

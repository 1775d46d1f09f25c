"""`mememoji serve`: the REST service."""

import json
from typing import Annotated

import typer

from mememoji.cli.exit_codes import Terminated
from mememoji.errors import InputError, MissingExtraError


def serve(
    host: Annotated[str | None, typer.Option(help="IP address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help="Number of server processes.", show_default="1")] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="Classifier in the package, as listed by `mememoji model --list`.",
            metavar="NAME",
            show_default="compact",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="Image store: sqlite:///FILE, postgresql://…, mongodb://HOST/DATABASE, or none.",
            metavar="URL",
            show_default="sqlite:///mememoji.db",
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the web app in a browser as soon as it is ready.")
    ] = False,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print every setting with its value, and exit.")
    ] = False,
) -> None:
    """Serve the REST API and the web app: detect faces, predict their emotions, store feedback.

    Every setting is an environment variable, see --show-settings; options take precedence over variables.
    """
    try:
        from pydantic import ValidationError

        from mememoji.service.server.process import serve as run_server
        from mememoji.service.settings import ServiceSettings
    except ModuleNotFoundError as error:
        raise MissingExtraError("serve", "the service") from error

    options = {"host": host, "port": port, "workers": workers, "classifier": classifier, "store": store}
    try:
        settings = ServiceSettings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        failures = (("".join(map(str, e["loc"][:1])), e["msg"].removeprefix("Value error, ")) for e in error.errors())
        lines = [f"MEMEMOJI_{name.upper()}: {message}" if name else message for name, message in failures]
        raise InputError("; ".join(lines)) from error
    if show_settings:
        typer.echo(json.dumps(settings.to_safe_dict(), indent=2))
        return
    try:
        run_server(settings, opens_browser=open_browser)
    except Terminated:
        # The usual end of a server. A message here would follow the JSON lines of its log.
        raise typer.Exit from None

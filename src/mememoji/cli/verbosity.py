"""Messages of the libraries that a command uses: hidden unless `--verbose` asks for them."""

import logging
import os
import sys
import warnings
from importlib.util import find_spec
from typing import Any, Final

from typer.core import TyperGroup, TyperOption

HELP: Final = "Print the messages of FFmpeg, OpenCV and other libraries too."

_OPENCV_WARNING: Final = "WARNING"
_FFMPEG_WARNING: Final = "24"


def hide_library_messages() -> None:
    """Hide warnings of libraries in this process: a command reports in its own words what they mean for its result.

    What the user set with `python -W` or in the environment variables of the libraries stays.
    """
    # Read by OpenCV, and by its copy of FFmpeg, when it is imported.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    # Without any handler, logging prints warnings to standard error: matplotlib's about its fonts, for example.
    logging.getLogger().addHandler(logging.NullHandler())


def show_library_messages() -> None:
    """Print warnings of libraries to standard error."""
    os.environ |= {"OPENCV_LOG_LEVEL": _OPENCV_WARNING, "OPENCV_FFMPEG_LOGLEVEL": _FFMPEG_WARNING}
    if "cv2" in sys.modules:
        import cv2

        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_WARNING)
    warnings.simplefilter("default")
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", force=True)
    if find_spec("av") is not None:
        import av.logging

        av.logging.restore_default_callback()
        av.logging.set_libav_level(av.logging.WARNING)


def add_verbose_option(group: TyperGroup) -> None:
    """Add the option `--verbose` to all commands of a group, and of the groups in it."""
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            add_verbose_option(command)
        else:
            option = TyperOption(
                param_decls=["--verbose"],
                is_flag=True,
                default=False,
                expose_value=False,
                is_eager=True,
                callback=_apply,
                help=HELP,
            )
            command.params.append(option)


def _apply(context: Any, parameter: Any, is_verbose: bool) -> None:  # noqa: ARG001 - the signature of a callback
    if is_verbose and not context.resilient_parsing:
        show_library_messages()

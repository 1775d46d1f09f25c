"""A griffe extension: docstring sections named `Example:` are shown as code, as `Examples:` are."""

import re
from typing import Any, Final

import griffe

_TITLE: Final = re.compile(r"^( *)Example:[ ]*$", re.MULTILINE)


class ExampleSections(griffe.Extension):
    """Renames the section before the docstring is parsed; griffe takes any other title for a plain note."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section in the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = _TITLE.sub(r"\1Examples:", obj.docstring.value)

"""Has the web app built before the package is, whatever kind of package it becomes."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebAppHook(BuildHookInterface[Any]):
    """Builds `web/` into the package; where that cannot be done the package comes without the app, and says so."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        script = Path(self.root, "web", "build.py")
        if not script.is_file():
            return
        failure = runpy.run_path(str(script))["build"]()
        if failure is not None:
            self.app.display_warning(f"the web app is not built: {failure}")

"""The folder of a report: figures, Markdown and JSON, written together or not at all."""

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mememoji.errors import RunError


def write_report_folder(
    out: Path,
    name: str,
    *,
    draw: Callable[[Path], list[str]],
    render: Callable[[Sequence[str]], str],
    content: Mapping[str, Any] | None = None,
    figure_files: Sequence[str] = (),
) -> list[Path]:
    """Write the figures of a report, its Markdown and its JSON into a folder, which is created if missing.

    The files are complete before any of them appears; each then appears by an atomic rename, the JSON last. Figures of
    an earlier report that this one lacks are deleted, since they would not match it.

    Args:
        out: The folder; other files in it are kept.
        name: The stem of the report's files, NAME.md and NAME.json.
        draw: Draws the figures into the folder that it is given, and returns their file names.
        render: Returns the Markdown for these figures.
        content: The content of NAME.json; None for a report without JSON.
        figure_files: The names of all figures that such a report may have.

    Returns:
        The files: figures, then NAME.md, then NAME.json.

    Raises:
        RunError: The folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".report-", dir=out))
    except OSError as error:
        raise RunError(f"cannot write into {out}: {error.strerror or error}; name another folder with --out") from error
    try:
        figures = draw(partial)
        files = [*figures, f"{name}.md"]
        (partial / f"{name}.md").write_text(render(figures), encoding="utf-8")
        if content is not None:
            files.append(f"{name}.json")
            text = json.dumps(content, indent=2, allow_nan=False)
            (partial / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        for stale in set(figure_files) - set(figures):
            (out / stale).unlink(missing_ok=True)
        for file in files:
            (partial / file).replace(out / file)
    except OSError as error:
        raise RunError(f"cannot write into {out}: {error.strerror or error}; name another folder with --out") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [out / file for file in files]


def to_json_types(value: Any) -> Any:
    """Convert nested dicts and sequences to what JSON has: tuples to lists, and NaN to None."""
    if isinstance(value, dict):
        return {key: to_json_types(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_types(entry) for entry in value]
    # JSON has no NaN, and strict readers reject a file with one.
    return None if isinstance(value, float) and math.isnan(value) else value

"""The folder that a report is written to: JSON, Markdown and figures."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mememoji.errors import RunError
from mememoji.evaluation.classification import classification_figures as figures
from mememoji.evaluation.classification import image_figures
from mememoji.evaluation.classification.image_markdown import CAPTIONS, image_markdown
from mememoji.evaluation.classification.image_report import ImageEvaluation, ImageReport
from mememoji.evaluation.classification.markdown import to_markdown
from mememoji.evaluation.classification.report import Evaluation, Report
from mememoji.evaluation.classification.summary import summary_markdown


def write_report(evaluation: Evaluation, out: Path, *, pictures: bool = True) -> list[Path]:
    """Write `report.json`, `report.md` and the figures into a folder, which is made where it is missing.

    Each file appears by atomic rename, `report.json` last, and nothing appears before all of them are complete. A
    figure of an earlier report that this one does not have is removed: it would speak of something else.

    Args:
        evaluation: what `evaluate` returned.
        out: the folder.
        images: draw the examples, which show people's faces.

    Returns:
        The files, `report.json` last.

    Raises:
        RunError: the folder cannot be written.
        MissingExtraError: matplotlib is not installed.
    """

    def fill(part: Path) -> list[str]:
        drawn = figures.draw(evaluation, part, pictures=pictures)
        (part / "report.md").write_text(to_markdown(evaluation.report, drawn), encoding="utf-8")
        _write_json(part / "report.json", evaluation.report.to_dict())
        return [*drawn, "report.md", "report.json"]

    return _publish(out, fill, figures.FILES)


def write_image_report(evaluation: ImageEvaluation, out: Path, *, pictures: bool = True) -> list[Path]:
    """Write `images.json`, `images.md` and their figures into a folder, as `write_report` does.

    Args:
        evaluation: what `evaluate_images` returned.
        out: the folder; it may hold the report on a split too.
        images: draw the contact sheet of errors, which shows people's faces.

    Returns:
        The files, `images.json` last.

    Raises:
        RunError: the folder cannot be written.
        MissingExtraError: matplotlib is not installed.
    """

    def fill(part: Path) -> list[str]:
        drawn = image_figures.draw_images(evaluation, part, pictures=pictures)
        (part / "images.md").write_text(image_markdown(evaluation.report, drawn), encoding="utf-8")
        _write_json(part / "images.json", evaluation.report.to_dict())
        return [*drawn, "images.md", "images.json"]

    return _publish(out, fill, tuple(CAPTIONS))


def write_summary(report: Report, images: ImageReport, out: Path) -> Path:
    """Write `summary.md`, one table of both reports, into their folder.

    Raises:
        RunError: the folder cannot be written.
    """

    def fill(part: Path) -> list[str]:
        (part / "summary.md").write_text(summary_markdown(report, images), encoding="utf-8")
        return ["summary.md"]

    return _publish(out, fill, ())[0]


def _publish(out: Path, fill: Callable[[Path], list[str]], replaced: Sequence[str]) -> list[Path]:
    """Have files written into a temporary folder, then move them into `out` in the order that `fill` returns.

    Files named in `replaced` that `fill` did not write are removed from `out`.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".report-", dir=out))
    except OSError as error:
        raise RunError(f"cannot write into {out}: {error}; name another folder with --out") from error
    try:
        names = fill(part)
        for stale in set(replaced) - set(names):
            (out / stale).unlink(missing_ok=True)
        for name in names:
            (part / name).replace(out / name)
    except OSError as error:
        raise RunError(f"cannot write into {out}: {error}; name another folder with --out") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [out / name for name in names]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")

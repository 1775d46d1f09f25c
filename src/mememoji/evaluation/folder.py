"""The folder that a report is written to: JSON, Markdown and figures."""

import json
import shutil
import tempfile
from pathlib import Path

from mememoji.errors import RunError
from mememoji.evaluation import figures
from mememoji.evaluation.markdown import to_markdown
from mememoji.evaluation.report import Evaluation


def write_report(evaluation: Evaluation, out: Path, *, pictures: bool = True) -> list[Path]:
    """Write `report.json`, `report.md` and the figures into a folder, which is made where it is missing.

    Each file appears by atomic rename, `report.json` last, and nothing appears before all of them are complete. A
    figure of an earlier report that this one does not have is removed: it would speak of something else.

    Args:
        evaluation: what `evaluate` returned.
        out: the folder.
        pictures: draw the examples, which show people's faces.

    Returns:
        The files, `report.json` last.

    Raises:
        RunError: the folder cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".report-", dir=out))
    except OSError as error:
        raise RunError(f"cannot write into {out}: {error}; name another folder with --out") from error
    try:
        drawn = figures.draw(evaluation, part, pictures=pictures)
        (part / "report.md").write_text(to_markdown(evaluation.report, drawn), encoding="utf-8")
        content = json.dumps(evaluation.report.to_dict(), indent=2, allow_nan=False)
        (part / "report.json").write_text(content + "\n", encoding="utf-8")
        for stale in set(figures.FILES) - set(drawn):
            (out / stale).unlink(missing_ok=True)
        names = [*drawn, "report.md", "report.json"]
        for name in names:
            (part / name).replace(out / name)
    except OSError as error:
        raise RunError(f"cannot write into {out}: {error}; name another folder with --out") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [out / name for name in names]

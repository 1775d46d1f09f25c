"""Writers of the reports on classifiers: on a split, on labeled images, and the summary of both."""

from pathlib import Path

from mememoji.evaluation.classification.image_figures import draw_image_figures
from mememoji.evaluation.classification.image_markdown import IMAGE_CAPTIONS, render_image_markdown
from mememoji.evaluation.classification.image_report import ImageEvaluation, ImageReport
from mememoji.evaluation.classification.split_figures import SPLIT_FIGURES, draw_split_figures
from mememoji.evaluation.classification.split_markdown import render_split_markdown
from mememoji.evaluation.classification.split_report import SplitEvaluation, SplitReport
from mememoji.evaluation.classification.summary import render_summary_markdown
from mememoji.evaluation.report_folder import write_report_folder


def write_split_report(evaluation: SplitEvaluation, out: Path, *, show_faces: bool = True) -> list[Path]:
    """Write `report.md`, `report.json` and their figures into a folder, as `write_report_folder` does.

    Args:
        evaluation: The result of `evaluate`.
        out: The folder.
        show_faces: Whether to draw the examples, which show people's faces.

    Returns:
        The files, `report.json` last.

    Raises:
        RunError: The folder cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    return write_report_folder(
        out,
        "report",
        draw=lambda folder: draw_split_figures(evaluation, folder, show_faces=show_faces),
        render=lambda figures: render_split_markdown(evaluation.report, figures),
        content=evaluation.report.to_dict(),
        figure_files=SPLIT_FIGURES,
    )


def write_image_report(evaluation: ImageEvaluation, out: Path, *, show_faces: bool = True) -> list[Path]:
    """Write `images.md`, `images.json` and their figures into a folder, as `write_report_folder` does.

    Args:
        evaluation: The result of `evaluate_images`.
        out: The folder; it may hold the report on a split too.
        show_faces: Whether to draw the contact sheet of errors, which shows people's faces.

    Returns:
        The files, `images.json` last.

    Raises:
        RunError: The folder cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    return write_report_folder(
        out,
        "images",
        draw=lambda folder: draw_image_figures(evaluation, folder, show_faces=show_faces),
        render=lambda figures: render_image_markdown(evaluation.report, figures),
        content=evaluation.report.to_dict(),
        figure_files=tuple(IMAGE_CAPTIONS),
    )


def write_summary(report: SplitReport, images: ImageReport, out: Path) -> Path:
    """Write `summary.md`, one table of both reports, into their folder.

    Raises:
        RunError: The folder cannot be written.
    """
    (path,) = write_report_folder(
        out, "summary", draw=lambda _: [], render=lambda _: render_summary_markdown(report, images)
    )
    return path

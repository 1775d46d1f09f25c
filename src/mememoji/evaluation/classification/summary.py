"""The summary: both heads on a split and on labeled images, in one table."""

from collections.abc import Sequence

from mememoji.evaluation.classification.image_report import ImageReport
from mememoji.evaluation.classification.markdown import accuracy_text, percent, recall_text, table
from mememoji.evaluation.classification.readings import COMPOSITION, LABELS_SEVEN, LABELS_SIX
from mememoji.evaluation.classification.report import Report
from mememoji.evaluation.classification.scores import ClassScores


def summary_markdown(report: Report, images: ImageReport) -> str:
    """Return one table of both heads on a split and on labeled images; the reports beside it have the rest."""
    return (
        f"# {report.weights['name']} in short\n\n"
        "All in percent but the last two rows. ± is one binomial standard error. Of the split, calibration is that of "
        "the head in its own classes: the votes head's first choice of ten is right to the fraction of the votes that "
        f"it has. The rest: [{report.data['file']}](report.md), [{images.data['name']}](images.md).\n\n"
        f"{table(*_summary(report, images))}\n"
    )


def summary_text(report: Report, images: ImageReport) -> str:
    """Return the same table as aligned lines for a terminal."""
    head, rows = _summary(report, images)
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _summary(report: Report, images: ImageReport) -> tuple[Sequence[str], list[Sequence[str]]]:
    single, data = report.single, (report.data["file"], images.data["name"])
    composition, six, seven = (images.readings.get(name) for name in (COMPOSITION, LABELS_SIX, LABELS_SEVEN))
    columns: list[tuple[ClassScores | None, ClassScores | None]] = [
        (single.seven, single.six),
        (None, single.six_from_votes),
        (seven.scores if seven else None, six.scores if six else None),
        (None, composition.scores if composition else None),
    ]
    errors = [
        single.calibration.get("labels"),
        single.calibration.get("votes"),
        seven.calibration if seven else None,
        composition.calibration if composition else None,
    ]
    votes = None if single.votes is None else single.votes.six
    rejected = "–" if images.false_rejection_rate is None else percent(images.false_rejection_rate)
    rows = [
        ("accuracy, 7 classes", *("" if seven is None else accuracy_text(seven) for seven, _ in columns)),
        ("accuracy, 6 classes", *("" if six is None else accuracy_text(six) for _, six in columns)),
        ("balanced accuracy, 6", *("" if six is None else percent(six.balanced_accuracy) for _, six in columns)),
        ("lowest recall, 6", *("" if six is None else recall_text(six) for _, six in columns)),
        ("top-2 accuracy, 6", *("" if six is None else percent(six.top_2_accuracy) for _, six in columns)),
        (
            "calibration error",
            *("" if error is None else percent(error.expected_calibration_error) for error in errors),
        ),
        ("no face found", "", "", percent(images.no_face_rate), percent(images.no_face_rate)),
        ("faces taken for non-faces", "", "", rejected, rejected),
        ("composition, total variation to votes", "", "" if votes is None else f"{votes.total_variation:.3f}", "", ""),
        ("composition, cosine to votes", "", "" if votes is None else f"{votes.cosine:.3f}", "", ""),
    ]
    return ("", *(f"{name}, {head}" for name in data for head in ("labels head", "composition"))), list(rows)

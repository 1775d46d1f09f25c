"""The summary: both heads on a split and on labeled images, in one table."""

from collections.abc import Sequence

from mememoji.evaluation.classification.decision_rules import COMPOSITION, LABELS_FER7, LABELS_SIX
from mememoji.evaluation.classification.image_report import ImageReport
from mememoji.evaluation.classification.scores import ClassScores
from mememoji.evaluation.classification.split_markdown import format_accuracy, format_lowest_recall
from mememoji.evaluation.classification.split_report import SplitReport
from mememoji.evaluation.markdown import format_columns, format_percent, format_table


def render_summary_markdown(report: SplitReport, images: ImageReport) -> str:
    """Return one table of both heads on a split and on labeled images, with links to the two reports."""
    return (
        f"# {report.weights['name']}\n\n"
        "In percent except for the last two rows. ± is one binomial standard error. On the split, the calibration "
        "error is that of each head over its own classes: the votes head's top class of the ten is correct with the "
        f"fraction of the votes for it. Details: [{report.data['file']}](report.md), "
        f"[{images.data['name']}](images.md).\n\n"
        f"{format_table(*_summarize(report, images))}\n"
    )


def render_summary_text(report: SplitReport, images: ImageReport) -> str:
    """Return the same table as aligned lines for a terminal."""
    head, rows = _summarize(report, images)
    return format_columns([head, *rows])


def _summarize(report: SplitReport, images: ImageReport) -> tuple[Sequence[str], list[Sequence[str]]]:
    single, data = report.single, (report.data["file"], images.data["name"])
    composition, six, fer7 = (images.decision_rules.get(name) for name in (COMPOSITION, LABELS_SIX, LABELS_FER7))
    columns: list[tuple[ClassScores | None, ClassScores | None]] = [
        (single.fer7, single.six),
        (None, single.six_from_ferplus),
        (fer7.scores if fer7 else None, six.scores if six else None),
        (None, composition.scores if composition else None),
    ]
    errors = [
        single.calibration.get("labels"),
        single.calibration.get("votes"),
        fer7.calibration if fer7 else None,
        composition.calibration if composition else None,
    ]
    votes = None if single.votes is None else single.votes.six
    no_face = format_percent(images.no_face_rate)
    rejected = "–" if images.false_rejection_rate is None else format_percent(images.false_rejection_rate)
    rows = [
        ("accuracy, 7 classes", *("" if seven is None else format_accuracy(seven) for seven, _ in columns)),
        ("accuracy, 6 classes", *("" if six is None else format_accuracy(six) for _, six in columns)),
        ("balanced accuracy, 6", *("" if six is None else format_percent(six.balanced_accuracy) for _, six in columns)),
        ("lowest recall, 6", *("" if six is None else format_lowest_recall(six) for _, six in columns)),
        ("top-2 accuracy, 6", *("" if six is None else format_percent(six.top_2_accuracy) for _, six in columns)),
        (
            "calibration error",
            *("" if error is None else format_percent(error.expected_calibration_error) for error in errors),
        ),
        ("no face found", "", "", no_face, no_face),
        ("false rejection of faces", "", "", rejected, rejected),
        ("composition, total variation to votes", "", "" if votes is None else f"{votes.total_variation:.3f}", "", ""),
        ("composition, cosine to votes", "", "" if votes is None else f"{votes.cosine:.3f}", "", ""),
    ]
    return ("", *(f"{name}, {head}" for name in data for head in ("labels head", "composition"))), list(rows)

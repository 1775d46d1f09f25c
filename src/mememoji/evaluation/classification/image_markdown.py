"""The report on labeled images as Markdown, and as the lines that a terminal shows."""

from collections.abc import Sequence
from typing import Final

from mememoji.evaluation.classification.image_report import ImageReport
from mememoji.evaluation.classification.markdown import (
    accuracy_text,
    class_table,
    comparison_rows,
    comparison_section,
    figure_lines,
    network_text,
    percent,
    recall_text,
    scalings_text,
    table,
)
from mememoji.evaluation.classification.readings import COMPOSITION, LABELS_SEVEN, LABELS_SIX, TITLES, ReadingScores

CAPTIONS: Final = {
    "images-composition.png": "The composition's largest fraction: rows are the label, columns what was predicted.",
    "images-labels-6.png": "The labels head, six classes: disgust counts as angry.",
    "images-labels-7.png": "The labels head, seven classes.",
    "images-reliability.png": "How often the first choice is right against its confidence; the dashed line is perfect "
    "calibration.",
    "images-errors.png": "Errors of the composition, most confident first: label, prediction and its fraction.",
}
"""Every figure of the report, and what it shows."""

_SECTIONS: Final = {
    COMPOSITION: (
        "Composition, six classes",
        "The composition's largest fraction, `top`, is what users see; disgust counts as angry.",
        "images-composition.png",
    ),
    LABELS_SIX: (
        "Labels head, six classes",
        "Disgust's probability is added to angry's before the largest is taken.",
        "images-labels-6.png",
    ),
    LABELS_SEVEN: ("Labels head, seven classes", "FER2013's classes.", "images-labels-7.png"),
}


def image_headline(report: ImageReport) -> list[tuple[str, ...]]:
    """Return the rows (name, one text for each reading) of the main scores, in percent."""
    found = list(report.readings.values())
    rows: list[tuple[str, ...]] = [("accuracy", *(accuracy_text(reading.scores) for reading in found))]
    rows.append(("balanced accuracy", *(percent(reading.scores.balanced_accuracy) for reading in found)))
    rows.append(("lowest recall", *(recall_text(reading.scores) for reading in found)))
    rows.append(("top-2 accuracy", *(percent(reading.scores.top_2_accuracy) for reading in found)))
    rows.append(("macro-F1", *(percent(reading.scores.macro_f1) for reading in found)))
    rows.append(("calibration error", *(_calibration_error(reading) for reading in found)))
    return rows


def image_text(report: ImageReport) -> str:
    """Return the main scores as aligned lines for a terminal, fractions in percent."""
    titles = [TITLES[name] for name in report.readings]
    lines: list[tuple[str, ...]] = [("in percent", *titles), *image_headline(report)]
    if report.comparison is not None:
        against = f"against {report.comparison.against['name']}"
        lines += [("",), (against, *titles), *comparison_rows(report.comparison, list(report.readings))]
    wide = max(len(line[0]) for line in lines)
    aligned = [f"{line[0]:<{wide}}" + "".join(f"  {text:>16}" for text in line[1:]) for line in lines]
    return "\n".join([*(line.rstrip() for line in aligned), "", *_counts(report)])


def image_markdown(report: ImageReport, figures: Sequence[str]) -> str:
    """Return the whole report; `figures` are the files beside it."""
    titles = [TITLES[name] for name in report.readings]
    parts = [
        f"# How well {report.weights['name']} reads {report.data['name']}, end to end",
        table(
            ("", ""),
            [
                ("weights", f"{report.weights['name']}, sha256 `{report.weights['sha256']}`"),
                ("network", network_text(report.weights)),
                ("calibrated", scalings_text(report.weights)),
                ("faces", _detector_text(report)),
                ("data", _data_text(report)),
                ("measured", f"{report.date} by mememoji {report.mememoji}"),
            ],
        ),
        "## In short",
        "All in percent. ± is one binomial standard error. In each image the largest face counts; an image in which no "
        "face was found is an error. The calibration error (15 bins of equal width, Guo et al. 2017) is of the images "
        "with a face.",
        table(("", *titles), image_headline(report)),
        "\n".join(f"- {line}" for line in _counts(report)),
    ]
    if report.comparison is not None:
        parts += comparison_section(report.comparison)
    for name, reading in report.readings.items():
        title, text, figure = _SECTIONS[name]
        parts += [f"## {title}", text, class_table(reading.scores), *figure_lines(figure, figures, CAPTIONS)]
    parts += figure_lines("images-reliability.png", figures, CAPTIONS)
    if report.by_source:
        parts += ["## By source", "Accuracy in percent.", _source_table(report)]
    if report.data["skipped"]["damaged"]:
        names = report.data["skipped"]["damaged"]
        parts += ["## Damaged images", "\n".join(f"- `{name}`" for name in names)]
    if "images-errors.png" in figures:
        parts += ["## Errors", *figure_lines("images-errors.png", figures, CAPTIONS)]
    return "\n\n".join(parts) + "\n"


def _counts(report: ImageReport) -> list[str]:
    data, skipped = report.data, report.data["skipped"]
    missed = data["images"] - data["faces"]
    lines = [f"no face in {missed:,} of {data['images']:,} images ({percent(report.no_face_rate)} %)"]
    if report.false_rejection_rate is not None:
        count = round(report.false_rejection_rate * data["faces"]) if data["faces"] else 0
        lines.append(
            f"{count:,} of {data['faces']:,} faces taken for non-faces ({percent(report.false_rejection_rate)} %)"
        )
    for name, text in (("unlabeled", "without a label"), ("contempt", "labeled contempt")):
        if skipped[name]:
            lines.append(f"skipped, {text}: {skipped[name]:,}")
    if skipped["other_files"]:
        kinds = ", ".join(f"{number:,} {suffix}" for suffix, number in skipped["other_files"].items())
        lines.append(f"skipped, not images: {kinds}")
    if skipped["damaged"]:
        lines.append(f"skipped, damaged: {len(skipped['damaged']):,}")
    return lines


def _calibration_error(reading: ReadingScores) -> str:
    return percent(reading.calibration.expected_calibration_error)


def _detector_text(report: ImageReport) -> str:
    detector = report.detector
    found = "the stored boxes and landmarks" if detector["use_boxes"] else f"detector {detector['name']}"
    return f"{found}, margin {detector['margin']:g}, {'aligned' if detector['upright'] else 'not aligned'}"


def _data_text(report: ImageReport) -> str:
    data = report.data
    hashed = f", sha256 `{data['sha256']}`" if data["sha256"] else ""
    return f"{data['name']}{hashed}, {data['images']:,} images"


def _source_table(report: ImageReport) -> str:
    rows = [
        (name, f"{own.images:,}", f"{own.no_face:,}", *(percent(own.accuracy[reading]) for reading in report.readings))
        for name, own in report.by_source.items()
    ]
    return table(("", "images", "no face", *(TITLES[name] for name in report.readings)), rows)

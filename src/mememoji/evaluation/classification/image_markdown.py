"""The report on labeled images as Markdown, and as the lines that a terminal shows."""

from collections.abc import Sequence
from typing import Final

from mememoji.evaluation.classification.decision_rules import (
    COMPOSITION,
    LABELS_FER7,
    LABELS_SIX,
    RULE_TITLES,
    RuleScores,
)
from mememoji.evaluation.classification.image_report import ImageReport
from mememoji.evaluation.classification.split_markdown import (
    describe_calibration,
    describe_network,
    format_accuracy,
    format_lowest_recall,
    list_comparison,
    render_class_scores,
    render_comparison,
)
from mememoji.evaluation.markdown import format_columns, format_figure, format_percent, format_table

IMAGE_CAPTIONS: Final = {
    "images-composition.png": "The composition's largest fraction: rows are the label, columns the prediction.",
    "images-labels-6.png": "The labels head, six classes: disgust counts as angry.",
    "images-labels-7.png": "The labels head, seven classes.",
    "images-reliability.png": "Accuracy against confidence; the dashed line is perfect calibration.",
    "images-errors.png": "Errors of the composition, most confident first: label, prediction and its fraction.",
}
"""The caption of every figure of the report, by file name."""

_SECTIONS: Final = {
    COMPOSITION: (
        "Composition, six classes",
        "The composition's largest fraction, `top`, is what users see; disgust counts as angry.",
        "images-composition.png",
    ),
    LABELS_SIX: (
        "Labels head, six classes",
        "The labels head, with disgust's probability added to angry's.",
        "images-labels-6.png",
    ),
    LABELS_FER7: ("Labels head, seven classes", "FER2013's classes.", "images-labels-7.png"),
}


def list_main_image_scores(report: ImageReport) -> list[tuple[str, ...]]:
    """Return the rows (name, one text per decision rule) of the main scores, in percent."""
    rules = list(report.decision_rules.values())
    return [
        ("accuracy", *(format_accuracy(rule.scores) for rule in rules)),
        ("balanced accuracy", *(format_percent(rule.scores.balanced_accuracy) for rule in rules)),
        ("lowest recall", *(format_lowest_recall(rule.scores) for rule in rules)),
        ("top-2 accuracy", *(format_percent(rule.scores.top_2_accuracy) for rule in rules)),
        ("macro-F1", *(format_percent(rule.scores.macro_f1) for rule in rules)),
        ("calibration error", *(_format_calibration_error(rule) for rule in rules)),
    ]


def render_image_text(report: ImageReport) -> str:
    """Return the main scores as aligned lines for a terminal, in percent."""
    titles = [RULE_TITLES[name] for name in report.decision_rules]
    rows: list[tuple[str, ...]] = [("in percent", *titles), *list_main_image_scores(report)]
    if report.comparison is not None:
        against = f"against {report.comparison.against['name']}"
        rows += [("",), (against, *titles), *list_comparison(report.comparison, list(report.decision_rules))]
    return "\n".join([format_columns(rows, min_width=16), "", *_list_counts(report)])


def render_image_markdown(report: ImageReport, figures: Sequence[str]) -> str:
    """Return the whole report as Markdown.

    Args:
        report: The report.
        figures: The names of the figure files in its folder.
    """
    sections = [*_render_head(report)]
    if report.comparison is not None:
        sections += render_comparison(report.comparison)
    for name, rule in report.decision_rules.items():
        title, text, figure = _SECTIONS[name]
        sections += [f"## {title}", text, render_class_scores(rule.scores)]
        sections += format_figure(figure, figures, IMAGE_CAPTIONS)
    sections += format_figure("images-reliability.png", figures, IMAGE_CAPTIONS)
    if report.by_source:
        sections += ["## By source", "Accuracy in percent.", _render_sources(report)]
    if report.data["skipped"]["damaged"]:
        names = report.data["skipped"]["damaged"]
        sections += ["## Damaged images", "\n".join(f"- `{name}`" for name in names)]
    if "images-errors.png" in figures:
        sections += ["## Errors", *format_figure("images-errors.png", figures, IMAGE_CAPTIONS)]
    return "\n\n".join(sections) + "\n"


def _render_head(report: ImageReport) -> list[str]:
    titles = [RULE_TITLES[name] for name in report.decision_rules]
    return [
        f"# {report.weights['name']} on {report.data['name']}, end to end",
        format_table(
            ("", ""),
            [
                ("weights", f"{report.weights['name']}, sha256 `{report.weights['sha256']}`"),
                ("network", describe_network(report.weights)),
                ("calibrated", describe_calibration(report.weights)),
                ("faces", _describe_detector(report)),
                ("data", _describe_data(report)),
                ("measured", f"{report.date} by mememoji {report.mememoji}"),
            ],
        ),
        "## Main scores",
        "In percent. ± is one binomial standard error. The largest face of each image is evaluated; an image in which "
        "no face was found is an error. The calibration error (15 bins of equal width, Guo et al. 2017) is measured on "
        "the images with a face.",
        format_table(("", *titles), list_main_image_scores(report)),
        "\n".join(f"- {line}" for line in _list_counts(report)),
    ]


def _list_counts(report: ImageReport) -> list[str]:
    data, skipped = report.data, report.data["skipped"]
    num_missed = data["images"] - data["faces"]
    lines = [f"no face found: {num_missed:,} of {data['images']:,} images ({format_percent(report.no_face_rate)} %)"]
    if report.false_rejection_rate is not None:
        num_rejected = round(report.false_rejection_rate * data["faces"]) if data["faces"] else 0
        rate = format_percent(report.false_rejection_rate)
        lines.append(f"false rejections: {num_rejected:,} of {data['faces']:,} faces ({rate} %)")
    for name, text in (("unlabeled", "without a label"), ("contempt", "labeled contempt")):
        if skipped[name]:
            lines.append(f"skipped, {text}: {skipped[name]:,}")
    if skipped["other_files"]:
        kinds = ", ".join(f"{number:,} {suffix}" for suffix, number in skipped["other_files"].items())
        lines.append(f"skipped, not images: {kinds}")
    if skipped["damaged"]:
        lines.append(f"skipped, damaged: {len(skipped['damaged']):,}")
    return lines


def _format_calibration_error(rule: RuleScores) -> str:
    return format_percent(rule.calibration.expected_calibration_error)


def _describe_detector(report: ImageReport) -> str:
    detector = report.detector
    source = "the stored boxes and landmarks" if detector["use_boxes"] else f"detector {detector['name']}"
    return f"{source}, margin {detector['margin']:g}, {'aligned' if detector['align'] else 'not aligned'}"


def _describe_data(report: ImageReport) -> str:
    data = report.data
    sha256 = f", sha256 `{data['sha256']}`" if data["sha256"] else ""
    return f"{data['name']}{sha256}, {data['images']:,} images"


def _render_sources(report: ImageReport) -> str:
    rules = report.decision_rules
    rows = [
        (name, f"{own.images:,}", f"{own.no_face:,}", *(format_percent(own.accuracy[rule]) for rule in rules))
        for name, own in report.by_source.items()
    ]
    return format_table(("", "images", "no face", *(RULE_TITLES[rule] for rule in rules)), rows)

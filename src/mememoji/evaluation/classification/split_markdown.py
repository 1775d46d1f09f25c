"""The report on a split as Markdown, and as the few lines that a terminal shows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mememoji.evaluation.agreement import Agreement
from mememoji.evaluation.classification.decision_rules import RULE_TITLES, Comparison, PairedScores
from mememoji.evaluation.classification.scores import ClassScores, MajorityScore, PredictionScores
from mememoji.evaluation.classification.split_report import SplitReport
from mememoji.evaluation.markdown import format_columns, format_figure, format_percent, format_table

_CAPTIONS: Final = {
    "confusion-7.png": "Seven classes: rows are the label, columns the prediction.",
    "confusion-6.png": "Six classes: disgust counts as angry.",
    "reliability.png": "Accuracy against confidence, by head; the dashed line is perfect calibration.",
    "examples.png": "Random images with their labels: 1 and 2 mark the two largest fractions, the label is outlined.",
}


def list_main_scores(report: SplitReport) -> list[tuple[str, str, str]]:
    """Return the rows (name, single pass, flip TTA) of the main scores as text, without what was not measured."""
    single, hflip_tta = _list_main_scores(report.single), _list_main_scores(report.hflip_tta)
    return [(name, single[name], hflip_tta[name]) for name in single]


def _list_main_scores(scores: PredictionScores) -> dict[str, str]:
    rows = {}
    if scores.fer7 is not None:
        rows["accuracy, 7 classes"] = format_accuracy(scores.fer7)
    if scores.six is not None:
        rows["accuracy, 6 classes"] = format_accuracy(scores.six)
    if scores.six_from_ferplus is not None:
        rows["accuracy, 6 classes from votes"] = format_accuracy(scores.six_from_ferplus)
    if scores.fer7 is not None:
        rows["balanced accuracy, 7"] = format_percent(scores.fer7.balanced_accuracy)
        rows["macro-F1, 7"] = format_percent(scores.fer7.macro_f1)
        rows["top-2 accuracy, 7"] = format_percent(scores.fer7.top_2_accuracy)
        rows["top-3 accuracy, 7"] = format_percent(scores.fer7.top_3_accuracy)
    for name, classes in (("6", scores.six), ("6 from votes", scores.six_from_ferplus)):
        if classes is not None:
            rows[f"macro-F1, {name}"] = format_percent(classes.macro_f1)
            rows[f"lowest recall, {name}"] = format_lowest_recall(classes)
    for head, reliability in scores.calibration.items():
        rows[f"calibration error, {head}"] = format_percent(reliability.expected_calibration_error)
    votes = scores.votes
    if votes is not None and votes.majority is not None and votes.majority_ferplus is not None:
        rows["majority accuracy, 8"] = format_accuracy(votes.majority)
        rows["majority accuracy, 8, FER+ rule"] = format_accuracy(votes.majority_ferplus)
    return rows


def render_split_text(report: SplitReport) -> str:
    """Return the main scores and the agreement with the votes as aligned lines for a terminal, in percent."""
    rows = [("in percent", "single pass", "flip TTA"), *list_main_scores(report)]
    if report.baselines is not None and report.single.votes is not None:
        rows.append(("", "", ""))
        rows.append(("against FER+ votes, 6 emotions", "variation", "cosine"))
        rows += [(name, f"{a.total_variation:.3f}", f"{a.cosine:.3f}") for name, a in _list_agreements(report, "six")]
    if report.comparison is not None:
        rows += [("", "", ""), (f"against {report.comparison.against['name']}", "difference", "McNemar p")]
        rows += [
            (RULE_TITLES[name], f"{100 * (pair.accuracy - pair.accuracy_against):+.1f}", f"{pair.test.p_value:.3g}")
            for name, pair in report.comparison.decision_rules.items()
        ]
    return format_columns(rows, min_width=18)


def render_split_markdown(report: SplitReport, figures: Sequence[str]) -> str:
    """Return the whole report as Markdown.

    Args:
        report: The report.
        figures: The names of the figure files in its folder.
    """
    single = report.single
    sections = [*_render_head(report)]
    if report.comparison is not None:
        sections += render_comparison(report.comparison)
    if single.fer7 is not None and single.six is not None:
        sections += [
            "## Seven classes (FER2013)",
            render_class_scores(single.fer7),
            *format_figure("confusion-7.png", figures, _CAPTIONS),
            "## Six classes",
            "The labels head, with disgust's probability added to angry's.",
            render_class_scores(single.six),
            *format_figure("confusion-6.png", figures, _CAPTIONS),
        ]
    if single.six_from_ferplus is not None:
        sections += [
            "## Six classes from the votes",
            "The composition that users see: the votes head mapped to the six emotions. It was trained on people's "
            "votes, so it differs from FER2013's labels where people do.",
            render_class_scores(single.six_from_ferplus),
        ]
    if single.calibration:
        sections += [
            "## Calibration",
            _render_calibration(single),
            *format_figure("reliability.png", figures, _CAPTIONS),
        ]
    if report.baselines is not None and single.votes is not None:
        sections += ["## Agreement with FER+'s annotators", *_render_votes(report)]
    if "examples.png" in figures:
        sections += ["## Examples", *format_figure("examples.png", figures, _CAPTIONS)]
    return "\n\n".join(sections) + "\n"


def _render_head(report: SplitReport) -> list[str]:
    data = report.data
    return [
        f"# {report.weights['name']} on {data['file']}",
        format_table(
            ("", ""),
            [
                ("weights", f"{report.weights['name']}, sha256 `{report.weights['sha256']}`"),
                ("network", describe_network(report.weights)),
                ("calibrated", describe_calibration(report.weights)),
                ("data", f"{data['file']}, sha256 `{data['sha256']}`"),
                ("images", f"{data['images']:,}, {data['images_with_votes']:,} of them with votes"),
                ("measured", f"{report.date} by mememoji {report.mememoji}, seed {report.seed}"),
            ],
        ),
        "## Main scores",
        "In percent. ± is one binomial standard error; for two classifiers on the same images a smaller difference may "
        "still be significant, which only a paired test shows. Users get the single pass; horizontal-flip TTA averages "
        "over each image and its mirror image, at twice the cost.",
        format_table(("", "single pass", "horizontal-flip TTA"), list_main_scores(report)),
    ]


def describe_network(weights: Mapping[str, Any]) -> str:
    """Describe the network of a report's weights."""
    return f"{weights['network']}, {weights['num_parameters']:,} parameters in {weights['precision']}"


def describe_calibration(weights: Mapping[str, Any]) -> str:
    """Describe the calibration parameters of a report's weights."""
    floors = weights["prob_floors"]
    return (
        "; ".join(
            f"{head}: temperature {temperature:.3f}, floor {floors.get(head, 0.0):.4f}"
            for head, temperature in weights["temperatures"].items()
        )
        or "no"
    )


def _render_votes(report: SplitReport) -> list[str]:
    votes = report.single.votes
    assert votes is not None
    paragraphs = []
    if votes.majority is not None and votes.majority_ferplus is not None:
        paragraphs.append(
            "Majority accuracy compares the highest of the votes head's eight emotions with the emotion that has more "
            f"than half of the votes. Counting all votes: {votes.majority.images:,} of {report.data['images']:,} "
            f"images, {format_accuracy(votes.majority)} %. By FER+'s own rule, which drops single votes first and "
            f"which the literature reports: {votes.majority_ferplus.images:,} images, "
            f"{format_accuracy(votes.majority_ferplus)} %."
        )
    paragraphs.append(
        'Predicted emotion distributions against the annotators\', both without "unknown" and "not a face", on the '
        "images with at least one vote for an emotion. Total variation and Jensen-Shannon divergence (nats): lower is "
        "closer; cosine similarity: higher is closer. Class prior: the mean distribution of these images as the "
        "prediction for each. Human panel: half of the annotators against the other half, over random splits of all "
        "ten votes. Sampling ceiling: the true distributions against as many votes drawn from them, the best score "
        "that ten votes can measure."
    )
    for title, which in (("Eight emotions", "eight"), ("Six emotions, the composition", "six")):
        rows = [
            (name, f"{a.images:,}", f"{a.total_variation:.3f}", f"{a.cosine:.3f}", f"{a.jensen_shannon:.3f}")
            for name, a in _list_agreements(report, which)
        ]
        paragraphs.append(format_table((title, "images", "total variation", "cosine", "Jensen-Shannon"), rows))
    return paragraphs


def _list_agreements(report: SplitReport, which: str) -> list[tuple[str, Agreement]]:
    assert report.baselines is not None
    own = [
        (name, getattr(scores.votes, which))
        for name, scores in (("single pass", report.single), ("horizontal-flip TTA", report.hflip_tta))
    ]
    baselines = report.baselines[which]
    return [(name, found) for name, found in own if found is not None] + [
        ("class prior", baselines.class_prior),
        ("human panel", baselines.human_panel),
        ("sampling ceiling", baselines.sampling_ceiling),
    ]


def render_class_scores(scores: ClassScores) -> str:
    """Return a sentence with the accuracies, and a Markdown table of the scores by class."""
    rows = [
        (
            name,
            f"{scores.support[name]:,}",
            format_percent(scores.precision[name]),
            format_percent(scores.recall[name]),
            format_percent(scores.f1[name]),
        )
        for name in scores.classes
    ]
    rows.append(
        (
            "**all**",
            f"{scores.images:,}",
            "",
            f"{format_percent(scores.balanced_accuracy)} (balanced)",
            f"{format_percent(scores.macro_f1)} (macro)",
        )
    )
    return (
        f"Accuracy {format_accuracy(scores)}, top-2 accuracy {format_percent(scores.top_2_accuracy)}, top-3 accuracy "
        f"{format_percent(scores.top_3_accuracy)}.\n\n"
    ) + format_table(("", "images", "precision", "recall", "F1"), rows)


def _render_calibration(scores: PredictionScores) -> str:
    errors = " and ".join(
        f"{format_percent(found.expected_calibration_error)} % for the {head} head on {found.images:,} images"
        for head, found in scores.calibration.items()
    )
    return (
        f"The expected calibration error (15 bins of equal width, Guo et al. 2017) is {errors}. The labels head is "
        "correct where it predicts FER2013's label. The votes head predicts people's votes, so its top class of the "
        "ten is correct with the fraction of the votes for it."
    )


def list_comparison(comparison: Comparison, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the rows (title, one text per decision rule in `names`) of a comparison; a dash for a missing rule."""

    def row(title: str, text: Callable[[PairedScores], str]) -> tuple[str, ...]:
        pairs = (comparison.decision_rules.get(name) for name in names)
        return (title, *("–" if pair is None else text(pair) for pair in pairs))

    return [
        row("its accuracy", lambda pair: format_percent(pair.accuracy_against)),
        row("difference", lambda pair: f"{100 * (pair.accuracy - pair.accuracy_against):+.1f}"),
        row("only this one correct", lambda pair: f"{pair.test.only_first:,}"),
        row("only the other correct", lambda pair: f"{pair.test.only_second:,}"),
        row("McNemar p", lambda pair: f"{pair.test.p_value:.3g}"),
    ]


def render_comparison(comparison: Comparison) -> list[str]:
    """Return the paragraphs on a comparison, with their heading."""
    against, names = comparison.against, list(comparison.decision_rules)
    return [
        f"## Against {against['name']}",
        f"The same faces classified by {against['name']}, sha256 `{against['sha256']}`. p: the probability of a "
        "difference at least this large if neither is better (McNemar's test, exact, two-sided).",
        format_table(("", *(RULE_TITLES[name] for name in names)), list_comparison(comparison, names)),
    ]


def format_accuracy(scores: ClassScores | MajorityScore) -> str:
    """Format the accuracy and its standard error, in percent."""
    return f"{format_percent(scores.accuracy)} ± {format_percent(scores.standard_error)}"


def format_lowest_recall(scores: ClassScores) -> str:
    """Format the lowest recall, in percent, and its class."""
    name, value = scores.lowest_recall
    return f"{format_percent(value)} ({name})"

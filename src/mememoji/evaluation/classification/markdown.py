"""The report as Markdown, and as the few lines that a terminal shows."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mememoji.evaluation.agreement import Agreement
from mememoji.evaluation.classification.readings import TITLES, Comparison, PairedScores
from mememoji.evaluation.classification.report import Report
from mememoji.evaluation.classification.scores import ClassScores, MajorityScore, PassScores

_CAPTIONS: Final = {
    "confusion-7.png": "Seven classes: rows are the label, columns what was read.",
    "confusion-6.png": "Six classes: disgust counts as angry.",
    "reliability.png": "How often each head is right against how sure it is; the dashed line is perfect calibration.",
    "examples.png": "Random images with their labels: 1 and 2 are the first and second choice, ringed the label.",
}


def percent(share: float) -> str:
    """A share 0..1 as percent; a dash where it was not measured."""
    return "–" if math.isnan(share) else f"{100 * share:.1f}"


def headline(report: Report) -> list[tuple[str, str, str]]:
    """The rows (what, single pass, mirrored average) that say most, as text; what was not measured is left out."""
    single, mirrored = _headline(report.single), _headline(report.mirrored)
    return [(name, single[name], mirrored[name]) for name in single]


def _headline(scores: PassScores) -> dict[str, str]:
    found = {}
    if scores.seven is not None:
        found["accuracy, 7 classes"] = accuracy_text(scores.seven)
    if scores.six is not None:
        found["accuracy, 6 classes"] = accuracy_text(scores.six)
    if scores.six_from_votes is not None:
        found["accuracy, 6 classes from votes"] = accuracy_text(scores.six_from_votes)
    if scores.seven is not None:
        found["balanced accuracy, 7"] = percent(scores.seven.balanced_accuracy)
        found["macro-F1, 7"] = percent(scores.seven.macro_f1)
        found["right answer is 2nd choice, 7"] = percent(scores.seven.choices["second"])
        found["right answer is 3rd choice, 7"] = percent(scores.seven.choices["third"])
    for name, classes in (("6", scores.six), ("6 from votes", scores.six_from_votes)):
        if classes is not None:
            found[f"macro-F1, {name}"] = percent(classes.macro_f1)
            found[f"lowest recall, {name}"] = recall_text(classes)
    for head, reliability in scores.calibration.items():
        found[f"calibration error, {head}"] = percent(reliability.expected_calibration_error)
    if scores.votes is not None and scores.votes.majority is not None and scores.votes.majority_ferplus is not None:
        found["majority accuracy, 8"] = accuracy_text(scores.votes.majority)
        found["majority accuracy, 8, FER+ rule"] = accuracy_text(scores.votes.majority_ferplus)
    return found


def to_text(report: Report) -> str:
    """The headline and the agreement with the votes as aligned lines for a terminal, shares in percent."""
    lines = [("in percent", "single pass", "mirrored"), *headline(report)]
    if report.references is not None and report.single.votes is not None:
        lines.append(("", "", ""))
        lines.append(("against FER+ votes, 6 emotions", "variation", "cosine"))
        lines += [(name, f"{a.total_variation:.3f}", f"{a.cosine:.3f}") for name, a in _agreements(report, "six")]
    if report.comparison is not None:
        lines += [("", "", ""), (f"against {report.comparison.against['name']}", "difference", "McNemar p")]
        lines += [
            (TITLES[name], f"{100 * (pair.accuracy - pair.accuracy_against):+.1f}", f"{pair.test.p_value:.3g}")
            for name, pair in report.comparison.readings.items()
        ]
    wide = max(len(name) for name, _, _ in lines)
    return "\n".join(f"{name:<{wide}}  {single:>18}  {mirrored:>18}".rstrip() for name, single, mirrored in lines)


def to_markdown(report: Report, figures: Sequence[str]) -> str:
    """The whole report; `figures` are the files that lie beside it."""
    single = report.single
    parts = [
        f"# How well {report.weights['name']} reads {report.data['file']}",
        table(
            ("", ""),
            [
                ("weights", f"{report.weights['name']}, sha256 `{report.weights['sha256']}`"),
                ("network", network_text(report.weights)),
                ("calibrated", scalings_text(report.weights)),
                ("data", f"{report.data['file']}, sha256 `{report.data['sha256']}`"),
                ("pictures", f"{report.data['pictures']:,}, {report.data['pictures_with_votes']:,} of them with votes"),
                ("measured", f"{report.date} by mememoji {report.mememoji}, seed {report.seed}"),
            ],
        ),
        "## In short",
        "All in percent. ± is one binomial standard error: of two weights measured on the same images, a smaller "
        "difference may still be real, but only a paired test says so. The single pass is what users get; the "
        "mirrored average is the mean over each image and its mirror image, at twice the cost.",
        table(("", "single pass", "mirrored average"), headline(report)),
    ]
    if report.comparison is not None:
        parts += comparison_section(report.comparison)
    if single.seven is not None and single.six is not None:
        parts += [
            "## Seven classes, FER2013's",
            class_table(single.seven),
            *figure_lines("confusion-7.png", figures, _CAPTIONS),
        ]
        parts += [
            "## Six classes",
            "The labels head, disgust's probability added to angry's before the largest is taken.",
            class_table(single.six),
            *figure_lines("confusion-6.png", figures, _CAPTIONS),
        ]
    if single.six_from_votes is not None:
        parts += [
            "## Six classes from the votes",
            "The composition that users see: the votes head folded into the six. It was taught what people answer, "
            "so it departs from FER2013's labels where people do.",
            class_table(single.six_from_votes),
        ]
    if single.calibration:
        parts += ["## Sure and right", _calibration_text(single), *figure_lines("reliability.png", figures, _CAPTIONS)]
    if report.references is not None and single.votes is not None:
        parts += ["## Against FER+'s annotators", *_votes(report)]
    if "examples.png" in figures:
        parts += ["## Examples", *figure_lines("examples.png", figures, _CAPTIONS)]
    return "\n\n".join(parts) + "\n"


def network_text(weights: Mapping[str, Any]) -> str:
    """Describe the network of a report's weights."""
    return f"{weights['network']}, {weights['parameters']:,} parameters in {weights['precision']}"


def scalings_text(weights: Mapping[str, Any]) -> str:
    """Describe how a report's weights are calibrated."""
    floors = weights["floors"]
    return (
        "; ".join(
            f"{head}: temperature {temperature:.3f}, floor {floors.get(head, 0.0):.4f}"
            for head, temperature in weights["temperatures"].items()
        )
        or "no"
    )


def _votes(report: Report) -> list[str]:
    votes = report.single.votes
    assert votes is not None
    parts = []
    if votes.majority is not None and votes.majority_ferplus is not None:
        every = report.data["pictures"]
        parts.append(
            "Majority accuracy, eight emotions, the largest of the votes head's eight emotions against the one that "
            f"more than half of the votes name. Strictly, more than half of all votes: {votes.majority.pictures:,} "
            f"of {every:,} images, {accuracy_text(votes.majority)} %. By FER+'s own rule, more than half after "
            "single votes are dropped, which is what the literature reports: "
            f"{votes.majority_ferplus.pictures:,} images, {accuracy_text(votes.majority_ferplus)} %."
        )
    parts.append(
        'Shares of emotions against the annotators\' shares, "unknown" and "not a face" left out of both, on the '
        "images with at least one vote for an emotion. Total variation and Jensen-Shannon divergence (nats): lower "
        "is closer; cosine: higher is closer. Class prior: the mean shares of these images as the answer to each. "
        "Panel of five: half of the annotators against the other half, over random splits of all ten votes. Perfect "
        "predictor: the shares themselves against as many votes drawn anew, the best that ten votes can show."
    )
    for title, which in (("Eight emotions", "eight"), ("Six emotions, the composition", "six")):
        rows = [
            (name, f"{a.pictures:,}", f"{a.total_variation:.3f}", f"{a.cosine:.3f}", f"{a.jensen_shannon:.3f}")
            for name, a in _agreements(report, which)
        ]
        parts.append(table((title, "pictures", "total variation", "cosine", "Jensen-Shannon"), rows))
    return parts


def _agreements(report: Report, which: str) -> list[tuple[str, Agreement]]:
    assert report.references is not None
    own = [
        (name, getattr(scores.votes, which))
        for name, scores in (("single pass", report.single), ("mirrored average", report.mirrored))
    ]
    others = report.references[which]
    return [(name, found) for name, found in own if found is not None] + [
        ("class prior", others.class_prior),
        ("panel of five", others.panel_of_five),
        ("perfect predictor", others.perfect_predictor),
    ]


def class_table(scores: ClassScores) -> str:
    """Return accuracy and choices in a sentence, and a Markdown table of the scores by class."""
    rows = [
        (
            name,
            f"{scores.support[name]:,}",
            percent(scores.precision[name]),
            percent(scores.recall[name]),
            percent(scores.f1[name]),
        )
        for name in scores.classes
    ]
    rows.append(
        (
            "**all**",
            f"{scores.pictures:,}",
            "",
            f"{percent(scores.balanced_accuracy)} (balanced)",
            f"{percent(scores.macro_f1)} (macro)",
        )
    )
    choices = scores.choices
    return (
        f"Accuracy {accuracy_text(scores)}. The right answer is the second choice in {percent(choices['second'])} and "
        f"the third in {percent(choices['third'])}.\n\n"
    ) + table(("", "pictures", "precision", "recall", "F1"), rows)


def _calibration_text(scores: PassScores) -> str:
    errors = " and ".join(
        f"{percent(found.expected_calibration_error)} % for the {head} head on {found.pictures:,} images"
        for head, found in scores.calibration.items()
    )
    return (
        f"The expected calibration error (15 bins of equal width, Guo et al. 2017) is {errors}. The labels head is "
        "right where its first choice is FER2013's label. The votes head says what people would answer, so its first "
        "choice of the ten is as right as the share of the votes that it has."
    )


def comparison_rows(comparison: Comparison, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the rows (what, one text for each reading in `names`) of a comparison; a dash where it lacks one."""

    def row(title: str, text: Callable[[PairedScores], str]) -> tuple[str, ...]:
        pairs = (comparison.readings.get(name) for name in names)
        return (title, *("–" if pair is None else text(pair) for pair in pairs))

    return [
        row("its accuracy", lambda pair: percent(pair.accuracy_against)),
        row("difference", lambda pair: f"{100 * (pair.accuracy - pair.accuracy_against):+.1f}"),
        row("right here alone", lambda pair: f"{pair.test.only_first:,}"),
        row("right there alone", lambda pair: f"{pair.test.only_second:,}"),
        row("McNemar p", lambda pair: f"{pair.test.p_value:.3g}"),
    ]


def comparison_section(comparison: Comparison) -> list[str]:
    """Return the paragraphs on a comparison, heading included."""
    against, names = comparison.against, list(comparison.readings)
    return [
        f"## Against {against['name']}",
        f"The same faces classified by {against['name']}, sha256 `{against['sha256']}`. p: how likely a difference at "
        "least this large is if neither is better (McNemar's test, exact, two-sided).",
        table(("", *(TITLES[name] for name in names)), comparison_rows(comparison, names)),
    ]


def accuracy_text(scores: ClassScores | MajorityScore) -> str:
    """Return the accuracy and its standard error, in percent."""
    return f"{percent(scores.accuracy)} ± {percent(scores.standard_error)}"


def recall_text(scores: ClassScores) -> str:
    """Return the lowest recall, in percent, and its class."""
    name, value = scores.lowest_recall
    return f"{percent(value)} ({name})"


def figure_lines(name: str, figures: Sequence[str], captions: Mapping[str, str]) -> list[str]:
    """Return the paragraphs that show a figure, none where it is not among the report's files."""
    return [f"![{captions[name]}]({name})", f"*{captions[name]}*"] if name in figures else []


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; with more than two columns all but the first are aligned to the right."""
    rule = ["---"] + ["---:" if len(head) > 2 else "---"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))

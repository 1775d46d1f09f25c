"""The report as Markdown, and as the few lines that a terminal shows."""

import math
from collections.abc import Sequence
from typing import Final

from mememoji.evaluation.agreement import Agreement
from mememoji.evaluation.report import Report
from mememoji.evaluation.scores import ClassScores, MajorityScore, PassScores

_CAPTIONS: Final = {
    "confusion-7.png": "Seven classes: rows are the label, columns what was read.",
    "confusion-6.png": "Six classes: disgust counts as angry.",
    "reliability.png": "How often each head is right against how sure it is; the dashed line is perfect calibration.",
    "examples.png": "Random pictures with their labels: 1 and 2 are the first and second choice, ringed the label.",
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
        found["accuracy, 7 classes"] = _accuracy(scores.seven)
    if scores.six is not None:
        found["accuracy, 6 classes"] = _accuracy(scores.six)
    if scores.six_from_votes is not None:
        found["accuracy, 6 classes from votes"] = _accuracy(scores.six_from_votes)
    if scores.seven is not None:
        found["balanced accuracy, 7"] = percent(scores.seven.balanced_accuracy)
        found["macro-F1, 7"] = percent(scores.seven.macro_f1)
        found["right answer is 2nd choice, 7"] = percent(scores.seven.choices["second"])
        found["right answer is 3rd choice, 7"] = percent(scores.seven.choices["third"])
    for name, classes in (("6", scores.six), ("6 from votes", scores.six_from_votes)):
        if classes is not None:
            found[f"macro-F1, {name}"] = percent(classes.macro_f1)
            found[f"lowest recall, {name}"] = _lowest(classes)
    for head, reliability in scores.calibration.items():
        found[f"calibration error, {head}"] = percent(reliability.expected_calibration_error)
    if scores.votes is not None and scores.votes.majority is not None and scores.votes.majority_ferplus is not None:
        found["majority accuracy, 8"] = _accuracy(scores.votes.majority)
        found["majority accuracy, 8, FER+ rule"] = _accuracy(scores.votes.majority_ferplus)
    return found


def to_text(report: Report) -> str:
    """The headline and the agreement with the votes as aligned lines for a terminal, shares in percent."""
    lines = [("in percent", "single pass", "mirrored"), *headline(report)]
    if report.references is not None and report.single.votes is not None:
        lines.append(("", "", ""))
        lines.append(("against FER+ votes, 6 emotions", "variation", "cosine"))
        lines += [(name, f"{a.total_variation:.3f}", f"{a.cosine:.3f}") for name, a in _agreements(report, "six")]
    wide = max(len(name) for name, _, _ in lines)
    return "\n".join(f"{name:<{wide}}  {single:>18}  {mirrored:>18}".rstrip() for name, single, mirrored in lines)


def to_markdown(report: Report, figures: Sequence[str]) -> str:
    """The whole report; `figures` are the files that lie beside it."""
    single = report.single
    parts = [
        f"# How well {report.weights['name']} reads {report.data['file']}",
        _table(
            ("", ""),
            [
                ("weights", f"{report.weights['name']}, sha256 `{report.weights['sha256']}`"),
                ("network", _network(report)),
                ("calibrated", _scalings(report)),
                ("data", f"{report.data['file']}, sha256 `{report.data['sha256']}`"),
                ("pictures", f"{report.data['pictures']:,}, {report.data['pictures_with_votes']:,} of them with votes"),
                ("measured", f"{report.date} by mememoji {report.mememoji}, seed {report.seed}"),
            ],
        ),
        "## In short",
        "All in percent. ± is one binomial standard error: of two weights measured on the same pictures, a smaller "
        "difference may still be real, but only a paired test says so. The single pass is what users get; the "
        "mirrored average is the mean over each picture and its mirror image, at twice the cost.",
        _table(("", "single pass", "mirrored average"), headline(report)),
    ]
    if single.seven is not None and single.six is not None:
        parts += ["## Seven classes, FER2013's", _class_table(single.seven), *_figure("confusion-7.png", figures)]
        parts += [
            "## Six classes",
            "The labels head, disgust's probability added to angry's before the largest is taken.",
            _class_table(single.six),
            *_figure("confusion-6.png", figures),
        ]
    if single.six_from_votes is not None:
        parts += [
            "## Six classes from the votes",
            "The composition that users see: the votes head folded into the six. It was taught what people answer, "
            "so it departs from FER2013's labels where people do.",
            _class_table(single.six_from_votes),
        ]
    if single.calibration:
        parts += ["## Sure and right", _calibration_text(single), *_figure("reliability.png", figures)]
    if report.references is not None and single.votes is not None:
        parts += ["## Against FER+'s annotators", *_votes(report)]
    if "examples.png" in figures:
        parts += ["## Examples", *_figure("examples.png", figures)]
    return "\n\n".join(parts) + "\n"


def _network(report: Report) -> str:
    weights = report.weights
    return f"{weights['network']}, {weights['parameters']:,} parameters in {weights['precision']}"


def _scalings(report: Report) -> str:
    floors = report.weights["floors"]
    return (
        "; ".join(
            f"{head}: temperature {temperature:.3f}, floor {floors.get(head, 0.0):.4f}"
            for head, temperature in report.weights["temperatures"].items()
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
            f"of {every:,} pictures, {_accuracy(votes.majority)} %. By FER+'s own rule, more than half after single "
            f"votes are dropped, which is what the literature reports: {votes.majority_ferplus.pictures:,} pictures, "
            f"{_accuracy(votes.majority_ferplus)} %."
        )
    parts.append(
        'Shares of emotions against the annotators\' shares, "unknown" and "not a face" left out of both, on the '
        "pictures with at least one vote for an emotion. Total variation and Jensen-Shannon divergence (nats): lower "
        "is closer; cosine: higher is closer. Class prior: the mean shares of these pictures as the answer to each. "
        "Panel of five: half of the annotators against the other half, over random splits of all ten votes. Perfect "
        "predictor: the shares themselves against as many votes drawn anew, the best that ten votes can show."
    )
    for title, which in (("Eight emotions", "eight"), ("Six emotions, the composition", "six")):
        rows = [
            (name, f"{a.pictures:,}", f"{a.total_variation:.3f}", f"{a.cosine:.3f}", f"{a.jensen_shannon:.3f}")
            for name, a in _agreements(report, which)
        ]
        parts.append(_table((title, "pictures", "total variation", "cosine", "Jensen-Shannon"), rows))
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


def _class_table(scores: ClassScores) -> str:
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
        f"Accuracy {_accuracy(scores)}. The right answer is the second choice in {percent(choices['second'])} and the "
        f"third in {percent(choices['third'])}.\n\n"
    ) + _table(("", "pictures", "precision", "recall", "F1"), rows)


def _calibration_text(scores: PassScores) -> str:
    errors = " and ".join(
        f"{percent(found.expected_calibration_error)} % for the {head} head on {found.pictures:,} pictures"
        for head, found in scores.calibration.items()
    )
    return (
        f"The expected calibration error (15 bins of equal width, Guo et al. 2017) is {errors}. The labels head is "
        "right where its first choice is FER2013's label. The votes head says what people would answer, so its first "
        "choice of the ten is as right as the share of the votes that it has."
    )


def _accuracy(scores: ClassScores | MajorityScore) -> str:
    return f"{percent(scores.accuracy)} ± {percent(scores.standard_error)}"


def _lowest(scores: ClassScores) -> str:
    measured = {name: value for name, value in scores.recall.items() if not math.isnan(value)}
    name = min(measured, key=lambda name: measured[name])
    return f"{percent(measured[name])} ({name})"


def _figure(name: str, figures: Sequence[str]) -> list[str]:
    return [f"![{_CAPTIONS[name]}]({name})", f"*{_CAPTIONS[name]}*"] if name in figures else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] + ["---:" if len(head) > 2 else "---"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))

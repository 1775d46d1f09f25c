"""Report of a hyperparameter search: the best trials, the importance of the settings, and all curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.trial import FrozenTrial, TrialState

from mememoji.training.classifier.hyperparameter_search import (
    compute_hyperparameter_importances,
    get_best_trials,
    get_ended_trials,
)

REPORT_FILES: Final = ("search.md", "curves.png", "importance.png")
_NUM_BEST: Final = 12
_COSTS: Final = ("parameters", "macs")
_COLORS: Final = {"best": "#d55e00", "finished": "#5b7f95", "pruned": "#b8bec6"}


def write_search_report(study: optuna.Study, folder: Path) -> list[Path]:
    """Write `search.md`, `curves.png` and, if enough trials finished, `importance.png`; return the files."""
    importances = compute_hyperparameter_importances(study)
    _plot_curves(study, folder / "curves.png")
    if importances:
        _plot_importances(importances, folder / "importance.png")
    (folder / "search.md").write_text(_render_markdown(study, importances), encoding="utf-8")
    return [folder / name for name in REPORT_FILES if (folder / name).is_file()]


def _render_markdown(study: optuna.Study, importances: dict[str, float]) -> str:
    trials = get_ended_trials(study)
    states = [trial.state for trial in trials]
    best = get_best_trials(study, _NUM_BEST)
    names = sorted({name for trial in best for name in _get_settings(trial)})
    sections = [
        f"# Search over {study.user_attrs['space']}, {study.user_attrs['epochs']} epochs per trial",
        f"{len(trials)} trials: {states.count(TrialState.COMPLETE)} finished, {states.count(TrialState.PRUNED)} pruned "
        f"(worse than half after as many epochs, or too many parameters), {states.count(TrialState.FAIL)} failed. "
        "Accuracy is the best on val, 7 classes, single pass, in percent. Every trial selected its epoch on val, and "
        "the best of many is overestimated: train it again, at full length and with other seeds.",
    ]
    if best:
        header = ("trial", "val", *_COSTS, *names)
        sections.append(_render_table(header, [_render_trial(trial, names) for trial in best]))
    sections.append("![Val accuracy of every trial by epoch](curves.png)")
    if importances:
        sections.append("Importance of each setting for being among the best tenth (PED-ANOVA):")
        rows = [(name, f"{importance:.2f}") for name, importance in importances.items()]
        sections.append(_render_table(("setting", "importance"), rows))
        sections.append("![Importance of the settings](importance.png)")
    return "\n\n".join(sections) + "\n"


def _get_settings(trial: FrozenTrial) -> dict[str, Any]:
    """Return the sampled settings and those derived from them."""
    return trial.params | {name: value for name, value in trial.user_attrs.items() if name not in _COSTS}


def _render_trial(trial: FrozenTrial, names: list[str]) -> tuple[str, ...]:
    settings = _get_settings(trial)
    values = [settings.get(name, "–") for name in names]
    cells = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
    costs = (f"{trial.user_attrs[name]:,}" for name in _COSTS)
    return (str(trial.number), f"{100 * (trial.value or 0):.1f}", *costs, *cells)


def _render_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _plot_curves(study: optuna.Study, path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    best = {trial.number for trial in get_best_trials(study, 1)}
    for trial in get_ended_trials(study):
        is_finished = trial.state == TrialState.COMPLETE
        color = _COLORS["best" if trial.number in best else "finished" if is_finished else "pruned"]
        points = sorted(trial.intermediate_values.items())
        epochs, values = [epoch for epoch, _ in points], [100 * value for _, value in points]
        zorder = 3 if is_finished else 2
        axes.plot(epochs, values, color=color, marker="o", markersize=2.5, linewidth=1.2, zorder=zorder)
    for label, color in _COLORS.items():
        axes.plot([], [], color=color, label=label)
    axes.set(xlabel="epoch", ylabel="val accuracy, 7 classes, %")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=120)


def _plot_importances(importances: dict[str, float], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 0.8 + 0.3 * len(importances)), layout="constrained")
    axes = figure.subplots()
    names = list(importances)[::-1]
    axes.barh(names, [importances[name] for name in names], 0.65, color="#5b7f95")
    axes.set_xlabel("importance")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    figure.savefig(path, dpi=120)

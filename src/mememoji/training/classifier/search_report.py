"""The search's report: the best trials, what matters, and every trial's curve."""

from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from mememoji.training.classifier.hyperparameter_search import ended, importances

FILES = ("search.md", "curves.png", "importance.png")
_BEST = 12
_COSTS = ("parameters", "multiplications")


def write_search_report(study: optuna.Study, folder: Path) -> list[Path]:
    """Write `search.md`, `curves.png` and, once enough trials finished, `importance.png`."""
    shares = importances(study)
    _draw_curves(study, folder / "curves.png")
    if shares:
        _draw_importance(shares, folder / "importance.png")
    (folder / "search.md").write_text(_markdown(study, shares), encoding="utf-8")
    return [folder / name for name in FILES if (folder / name).is_file()]


def best_trials(study: optuna.Study, count: int = _BEST) -> list[FrozenTrial]:
    """The finished trials, best val accuracy first."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(finished, key=lambda trial: trial.value or 0.0, reverse=True)[:count]


def _markdown(study: optuna.Study, shares: dict[str, float]) -> str:
    trials = ended(study)
    states = [trial.state for trial in trials]
    best = best_trials(study)
    names = sorted({name for trial in best for name in _settings(trial)})
    parts = [
        f"# Search over {study.user_attrs['space']}, {study.user_attrs['epochs']} epochs a trial",
        f"{len(trials)} trials: {states.count(TrialState.COMPLETE)} finished, {states.count(TrialState.PRUNED)} pruned "
        f"(worse than half after as many epochs, or over the parameters), {states.count(TrialState.FAIL)} failed. "
        "Accuracy is val's best, 7 classes, single pass, in percent. Every trial chose its epoch on val and the best "
        "of many is flattered by that: train it anew, at full length, with other seeds.",
    ]
    if best:
        parts.append(
            _table(("trial", "val", "parameters", "multiplications", *names), [_row(trial, names) for trial in best])
        )
    parts.append("![Val accuracy of every trial by epoch](curves.png)")
    if shares:
        parts.append("How much each setting matters for being among the best tenth (PED-ANOVA):")
        parts.append(_table(("setting", "share"), [(name, f"{share:.2f}") for name, share in shares.items()]))
        parts.append("![Importance of the settings](importance.png)")
    return "\n\n".join(parts) + "\n"


def _settings(trial: FrozenTrial) -> dict[str, Any]:
    """What was tried, and what followed from it."""
    return trial.params | {name: value for name, value in trial.user_attrs.items() if name not in _COSTS}


def _row(trial: FrozenTrial, names: list[str]) -> tuple[str, ...]:
    settings = _settings(trial)
    told = [settings.get(name, "–") for name in names]
    values = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in told]
    size = (f"{trial.user_attrs[name]:,}" for name in _COSTS)
    return (str(trial.number), f"{100 * (trial.value or 0):.1f}", *size, *values)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _draw_curves(study: optuna.Study, path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    best = {trial.number for trial in best_trials(study, 1)}
    for trial in ended(study):
        points = sorted(trial.intermediate_values.items())
        finished = trial.state == TrialState.COMPLETE
        color = "#d55e00" if trial.number in best else "#5b7f95" if finished else "#b8bec6"
        epochs, values = [epoch for epoch, _ in points], [100 * value for _, value in points]
        axes.plot(epochs, values, color=color, marker="o", markersize=2.5, linewidth=1.2, zorder=3 if finished else 2)
    for color, label in (("#d55e00", "best"), ("#5b7f95", "finished"), ("#b8bec6", "pruned")):
        axes.plot([], [], color=color, label=label)
    axes.set(xlabel="epoch", ylabel="val accuracy, 7 classes, %")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=120)


def _draw_importance(shares: dict[str, float], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 0.8 + 0.3 * len(shares)), layout="constrained")
    axes = figure.subplots()
    names = list(shares)[::-1]
    axes.barh(names, [shares[name] for name in names], 0.65, color="#5b7f95")
    axes.set_xlabel("share of importance")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    figure.savefig(path, dpi=120)

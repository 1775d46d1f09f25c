"""The search: which shape and settings reach most on val within few epochs, the original's method as a tool."""

import bisect
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import optuna
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from mememoji.datasets.splits import Split
from mememoji.errors import InputError, RunError
from mememoji.training.classifier.classifier_config import PRESETS, Augmentation, Recipe
from mememoji.training.classifier.classifier_trainer import Fitting
from mememoji.training.classifier.networks import (
    CompactShape,
    PlainShape,
    Shape,
    build,
    multiplication_count,
    parameter_count,
)
from mememoji.training.common.device import Device
from mememoji.training.common.metrics_log import Epoch

JOURNAL: Final = "study.log"
"""The study's file: every trial appends to it, several processes may, and a later call goes on with it."""

MOST_PARAMETERS: Final = 2_500_000
"""A network over this is not trained: it would be no answer."""


def plain_recipe(trial: Trial) -> Recipe:
    """Around the original's family, `baseline` to `mememoji9`: groups, convolutions, filters, dense layers, dropout."""
    groups = trial.suggest_int("groups", 1, 4)
    convolutions = trial.suggest_int("convolutions", 1, 4)
    first = trial.suggest_categorical("filters", [16, 32, 48, 64])
    growth = trial.suggest_categorical("growth", [1.0, 1.5, 2.0])
    dense = trial.suggest_int("dense", 0, 2)
    width = trial.suggest_categorical("dense_width", [32, 64, 128, 256])
    shape = PlainShape(
        filters=tuple((round(first * growth**group),) * convolutions for group in range(groups)),
        dense=(width,) * dense,
        dropout=trial.suggest_float("dropout", 0.0, 0.5, step=0.05),
        group_dropout=trial.suggest_float("group_dropout", 0.0, 0.3, step=0.05),
    )
    base = PRESETS["mememoji9"]
    return dataclasses.replace(
        base,
        shape=shape,
        rate=trial.suggest_float("rate", 2e-4, 4e-3, log=True),
        batch=trial.suggest_categorical("batch", [32, 64, 128]),
        decay=trial.suggest_float("decay", 1e-4, 1e-1, log=True),
        augmentation=_augmentation(trial, base.augmentation),
    )


def compact_recipe(trial: Trial) -> Recipe:
    """`compact`'s shape within 2.5 M parameters, and how it is trained."""
    shape = CompactShape(
        stem=trial.suggest_int("stem", 8, 32, step=8),
        widths=(
            trial.suggest_int("width1", 24, 64, step=8),
            trial.suggest_int("width2", 64, 144, step=16),
            trial.suggest_int("width3", 128, 320, step=24),
        ),
        blocks=(
            trial.suggest_int("blocks1", 1, 2),
            trial.suggest_int("blocks2", 1, 3),
            trial.suggest_int("blocks3", 1, 3),
        ),
        squeeze=trial.suggest_categorical("squeeze", [4, 8, 16]),
        gated=trial.suggest_categorical("gated", [True, False]),
        dropout=trial.suggest_float("dropout", 0.0, 0.4, step=0.05),
    )
    base = PRESETS["compact"]
    return dataclasses.replace(
        base,
        shape=shape,
        rate=trial.suggest_float("rate", 0.01, 0.2, log=True),
        batch=trial.suggest_categorical("batch", [64, 128]),
        decay=trial.suggest_float("decay", 1e-4, 3e-3, log=True),
        smoothing=trial.suggest_float("smoothing", 0.0, 0.15, step=0.05),
        softening=trial.suggest_float("softening", 0.0, 0.75, step=0.25),
        augmentation=_augmentation(trial, base.augmentation),
    )


def shape_recipe(trial: Trial) -> Recipe:
    """Where `compact` best spends 2.5 M parameters: the last stage is as wide as the others leave room for.

    Trained alike, so that what differs is the shape alone.
    """
    stem = trial.suggest_int("stem", 8, 32, step=8)
    first = trial.suggest_int("width1", 24, 64, step=8)
    second = trial.suggest_int("width2", 64, 160, step=16)
    blocks = (
        trial.suggest_int("blocks1", 1, 2),
        trial.suggest_int("blocks2", 1, 4),
        trial.suggest_int("blocks3", 1, 3),
    )
    gated = trial.suggest_categorical("gated", [True, False])

    def shape(last: int) -> CompactShape:
        return CompactShape(stem=stem, widths=(first, second, last), blocks=blocks, gated=gated)

    last = _widest(shape)
    trial.set_user_attr("width3", last)
    return dataclasses.replace(PRESETS["compact"], shape=shape(last))


def _widest(shape: Callable[[int], Shape]) -> int:
    """The largest multiple of 8 whose shape stays within the parameters."""

    def count(width: int) -> int:
        with torch.device("meta"):
            return parameter_count(build(shape(width)))

    widths = range(8, 1024, 8)
    return widths[max(bisect.bisect_right(widths, MOST_PARAMETERS, key=count) - 1, 0)]


def _augmentation(trial: Trial, base: Augmentation) -> Augmentation:
    strength = trial.suggest_float("augmentation", 0.25, 2.0, step=0.25)
    return dataclasses.replace(
        base,
        shift=base.shift * strength,
        rotation=base.rotation * strength,
        scale=base.scale * strength,
        light=base.light * strength,
        erasing=min(0.1 * strength, 0.9),
    )


SPACES: Final[dict[str, Callable[[Trial], Recipe]]] = {
    "plain": plain_recipe,
    "compact": compact_recipe,
    "shape": shape_recipe,
}

_FIRST: Final[dict[str, dict[str, Any]]] = {
    "shape": {"stem": 16, "width1": 40, "width2": 112, "blocks1": 1, "blocks2": 2, "blocks3": 2, "gated": True}
}
"""What is tried first, for the others to beat: `compact-wide`."""


def open_study(folder: Path, space: str, *, epochs: int, seed: int = 0) -> optuna.Study:
    """The study in a folder, made where there is none.

    Raises:
        InputError: an unknown space.
        RunError: the folder's study is of another space or length, so its trials cannot be compared.
    """
    if space not in SPACES:
        raise InputError(f"no space {space!r}; there are {', '.join(SPACES)}")
    folder.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    study = optuna.create_study(
        storage=storage,
        study_name="mememoji",
        direction="maximize",
        load_if_exists=True,
        # Workers that run side by side take each other's unfinished trials for bad ones, and look elsewhere.
        sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True),
        # A trial ends early where it is worse than half of the others were after as many epochs; a first epoch tells
        # too little for that.
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    facts = {"space": space, "epochs": epochs}
    if study.user_attrs and study.user_attrs != facts:
        raise RunError(f"{folder} holds a search of {study.user_attrs}; asked for: {facts}; name another folder")
    for name, value in facts.items():
        if name not in study.user_attrs:
            study.set_user_attr(name, value)
    if space in _FIRST:
        study.enqueue_trial(_FIRST[space], skip_if_exists=True)
    return study


def run_trials(
    study: optuna.Study, train: Split, val: Split, device: Device, folder: Path, *, trials: int, compiled: bool = False
) -> None:
    """Run trials until the study holds so many that came to an end, finished or pruned.

    What an interrupted process left behind is not counted. Each trial's curve lies in the study.
    """
    epochs, recipe_of = int(study.user_attrs["epochs"]), SPACES[study.user_attrs["space"]]

    def objective(trial: Trial) -> float:
        recipe = recipe_of(trial).with_changes(epochs=epochs, seed=trial.number)
        network = build(recipe.shape)
        count = parameter_count(network)
        trial.set_user_attr("parameters", count)
        if count > MOST_PARAMETERS:
            raise optuna.TrialPruned
        trial.set_user_attr("multiplications", multiplication_count(network))
        best = 0.0

        def report(epoch: Epoch) -> None:
            nonlocal best
            best = max(best, epoch.val_accuracy)
            trial.report(epoch.val_accuracy, epoch.epoch)
            if epoch.epoch < epochs and trial.should_prune():
                raise optuna.TrialPruned

        run = folder / "trials" / f"{trial.number:04}"
        Fitting(recipe, train, val, run, device, after_epoch=report, compiled=compiled, quiet=True).fit()
        return best

    def enough(study: optuna.Study, _: FrozenTrial) -> None:
        if len(ended(study)) >= trials:
            study.stop()

    if len(ended(study)) < trials:
        # A rate that makes the loss no number is a bad trial, not the end of the search.
        study.optimize(objective, callbacks=[enough], catch=(RunError,))


def ended(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that came to an end, finished, pruned or failed."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL))


def importances(study: optuna.Study) -> dict[str, float]:
    """How much each setting matters for being among the best, summing to 1; empty with too few finished trials.

    Watanabe, Bansal and Hutter (2023), "PED-ANOVA: Efficiently quantifying hyperparameter importance in arbitrary
    subspaces".
    """
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < 4 or len({trial.value for trial in finished}) < 2:
        return {}
    found: dict[str, Any] = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
    )
    return {name: float(share) for name, share in found.items()}

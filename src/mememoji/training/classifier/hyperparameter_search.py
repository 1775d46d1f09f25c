"""Hyperparameter search: the architecture and settings with the best val accuracy after a few epochs."""

from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import optuna
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.splits import Split
from mememoji.errors import InputError, RunError
from mememoji.training.classifier.classifier_run import ClassifierMetrics
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.search_spaces import FIRST_TRIALS, MAX_PARAMETERS, SEARCH_SPACES
from mememoji.training.classifier.trained_classifier import read_splits
from mememoji.training.common.device import Device, choose_device, exit_with_parent, set_num_threads
from mememoji.training.common.model_size import count_macs, count_parameters

JOURNAL: Final = "study.log"
"""The study's file: each trial is appended, several processes may share it, and a later search continues it."""


@dataclass(frozen=True, kw_only=True)
class HyperparameterSearch:
    """A search, which any number of processes can work on.

    Attributes:
        data: A folder that `mememoji data prepare` wrote.
        out: The folder for the study.
        space: Name of one of `SEARCH_SPACES`.
        num_trials: Number of trials that end the search.
        epochs: Epochs of each trial.
        num_images: Number of train images to use; None uses all.
        num_workers: Number of processes.
        num_threads: CPU threads of each process; None keeps torch's default.
        device: As for `choose_device`.
        compile_model: Whether to fuse networks with torch.compile.
        seed: Seed of the first trials.
    """

    data: Path
    out: Path
    space: str
    num_trials: int
    epochs: int
    num_images: int | None = None
    num_workers: int = 1
    num_threads: int | None = None
    device: str = "auto"
    compile_model: bool = False
    seed: int = 0

    def run(self) -> optuna.Study:
        """Run trials until the study has enough, also those of other processes.

        Raises:
            InputError: The space is unknown.
            RunError: The folder's study has another space or length, or a worker failed.
        """
        study = open_study(self.out, self.space, epochs=self.epochs, seed=self.seed)
        if self.num_workers == 1:
            self.work(self.seed)
            return study
        # Spawned, because a forked process would share torch's threads with this one.
        context = get_context("spawn")
        processes = [context.Process(target=self.work, args=(self.seed + index,)) for index in range(self.num_workers)]
        try:
            for process in processes:
                process.start()
            for process in processes:
                process.join()
        finally:
            # After an error or a signal Python would otherwise wait for them when it exits.
            for process in processes:
                if process.is_alive():
                    process.terminate()
        if any(process.exitcode for process in processes):
            raise RunError(f"a worker of the search failed; {self.out} has its finished trials; call again to continue")
        return study

    def work(self, seed: int) -> None:
        """Run trials in this process until the study has enough, or the parent process exits."""
        exit_with_parent()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        set_num_threads(self.num_threads)
        splits = read_splits(self.data, "train", "val")
        train = splits["train"] if self.num_images is None else splits["train"].take(slice(0, self.num_images))
        run_trials(
            open_study(self.out, self.space, epochs=self.epochs, seed=seed),
            train,
            splits["val"],
            choose_device(self.device),
            self.out,
            num_trials=self.num_trials,
            compile_model=self.compile_model,
        )


def open_study(folder: Path, space: str, *, epochs: int, seed: int = 0) -> optuna.Study:
    """Open the study in a folder, or create it.

    Raises:
        InputError: The space is unknown.
        RunError: The folder's study has another space or length, so its trials cannot be compared.
    """
    if space not in SEARCH_SPACES:
        raise InputError(f"the search space must be one of {', '.join(SEARCH_SPACES)}, got {space!r}")
    folder.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    study = optuna.create_study(
        storage=storage,
        study_name="mememoji",
        direction="maximize",
        load_if_exists=True,
        # Parallel workers treat each other's running trials as bad ones, and sample elsewhere.
        sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True),
        # A trial is pruned if it is worse than half of the others after as many epochs; the first epochs are too noisy.
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    settings = {"space": space, "epochs": epochs}
    if study.user_attrs and study.user_attrs != settings:
        raise RunError(f"{folder} has a search with {study.user_attrs}, got {settings}; use another folder")
    for name, value in settings.items():
        if name not in study.user_attrs:
            study.set_user_attr(name, value)
    if space in FIRST_TRIALS:
        study.enqueue_trial(FIRST_TRIALS[space], skip_if_exists=True)
    return study


def run_trials(
    study: optuna.Study,
    train: Split,
    val: Split,
    device: Device,
    folder: Path,
    *,
    num_trials: int,
    compile_model: bool = False,
) -> None:
    """Run trials until the study has `num_trials` that ended; interrupted ones do not count.

    The study stores the val accuracy of each epoch.
    """
    epochs, sample = int(study.user_attrs["epochs"]), SEARCH_SPACES[study.user_attrs["space"]]

    def objective(trial: Trial) -> float:
        config = sample(trial).with_changes(epochs=epochs, seed=trial.number)
        model = build_model(config.model)
        num_parameters = count_parameters(model)
        trial.set_user_attr("parameters", num_parameters)
        if num_parameters > MAX_PARAMETERS:
            raise optuna.TrialPruned
        trial.set_user_attr("macs", count_macs(model, torch.zeros(1, 1, CROP_SIZE, CROP_SIZE)))
        best = 0.0

        def report(metrics: ClassifierMetrics) -> None:
            nonlocal best
            best = max(best, metrics.val_accuracy)
            trial.report(metrics.val_accuracy, metrics.epoch)
            if metrics.epoch < epochs and trial.should_prune():
                raise optuna.TrialPruned

        run = folder / "trials" / f"{trial.number:04}"
        trainer = ClassifierTrainer(
            config, train, val, run, device, on_epoch_end=report, compile_model=compile_model, quiet=True
        )
        trainer.train()
        return best

    def stop_if_enough(study: optuna.Study, _: FrozenTrial) -> None:
        if len(get_ended_trials(study)) >= num_trials:
            study.stop()

    if len(get_ended_trials(study)) < num_trials:
        # A learning rate at which the loss becomes NaN makes a bad trial; the search continues.
        study.optimize(objective, callbacks=[stop_if_enough], catch=(RunError,))


def get_ended_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that ended: finished, pruned or failed."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL))


def get_best_trials(study: optuna.Study, max_trials: int) -> list[FrozenTrial]:
    """Return the finished trials in order of descending val accuracy."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(finished, key=lambda trial: trial.value or 0.0, reverse=True)[:max_trials]


def compute_hyperparameter_importances(study: optuna.Study) -> dict[str, float]:
    """Return the importance of each setting for being among the best, summing to 1; empty with too few trials.

    Watanabe, Bansal and Hutter (2023), "PED-ANOVA: Efficiently quantifying hyperparameter importance in arbitrary
    subspaces".
    """
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < 4 or len({trial.value for trial in finished}) < 2:
        return {}
    importances: dict[str, Any] = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
    )
    return {name: float(importance) for name, importance in importances.items()}

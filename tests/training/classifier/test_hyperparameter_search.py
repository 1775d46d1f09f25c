"""Hyperparameter search with tiny trainings."""

import dataclasses
import statistics
from pathlib import Path

import optuna
import pytest

from mememoji.datasets.splits import Split
from mememoji.errors import InputError, RunError
from mememoji.training.classifier.hyperparameter_search import (
    JOURNAL,
    get_ended_trials,
    open_study,
    run_trials,
)
from mememoji.training.classifier.networks import CompactConfig, build_model
from mememoji.training.classifier.search_report import REPORT_FILES, write_search_report
from mememoji.training.classifier.search_spaces import MAX_PARAMETERS, SEARCH_SPACES
from mememoji.training.common.device import choose_device
from mememoji.training.common.model_size import count_parameters

CPU = choose_device("cpu", bfloat16=False)

MEMEMOJI9 = {
    "groups": 3,
    "convolutions": 3,
    "filters": 32,
    "growth": 2.0,
    "dense": 2,
    "dense_width": 64,
    "dropout": 0.25,
    "group_dropout": 0.1,
    "lr": 1e-3,
    "batch_size": 64,
    "weight_decay": 1e-2,
    "augmentation": 1.0,
}
SMALL = MEMEMOJI9 | {"groups": 1, "convolutions": 1, "filters": 16, "dense": 0}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_every_point_of_a_space_is_a_valid_config(space: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(25):
        config = SEARCH_SPACES[space](study.ask())
        assert count_parameters(build_model(config.model)) > 0


def test_plain_space_contains_the_original() -> None:
    from mememoji.training.classifier.networks.plain_network import MEMEMOJI9 as MODEL

    assert SEARCH_SPACES["plain"](optuna.trial.FixedTrial(MEMEMOJI9)).model == MODEL  # type: ignore[arg-type]


def test_architecture_space_uses_all_parameters_and_starts_with_compact_wide(tmp_path: Path) -> None:
    from mememoji.training.classifier.classifier_presets import PRESETS

    study = open_study(tmp_path, "architecture", epochs=1)
    first = SEARCH_SPACES["architecture"](study.ask()).model
    assert isinstance(first, CompactConfig)
    compact_wide = PRESETS["compact-wide"].model
    assert isinstance(compact_wide, CompactConfig)
    assert (first.stem_channels, first.channels[:2], first.num_blocks) == (
        compact_wide.stem_channels,
        compact_wide.channels[:2],
        compact_wide.num_blocks,
    )
    assert first.channels[2] >= compact_wide.channels[2]
    for _ in range(10):
        trial = study.ask()
        model = SEARCH_SPACES["architecture"](trial).model
        assert isinstance(model, CompactConfig)
        wider = dataclasses.replace(model, channels=(*model.channels[:2], model.channels[2] + 8))
        assert trial.user_attrs["channels3"] == model.channels[2]
        assert count_parameters(build_model(model)) <= MAX_PARAMETERS < count_parameters(build_model(wider))
    assert len(open_study(tmp_path, "architecture", epochs=1).trials) == len(study.trials)


def test_run_trials_continues_a_search_and_reports(train_split: Split, val_split: Split, tmp_path: Path) -> None:
    train, val = train_split.take(slice(0, 56)), val_split.take(slice(0, 28))
    study = open_study(tmp_path, "plain", epochs=2)
    for lr in (5e-4, 1e-3, 2e-3):
        study.enqueue_trial(SMALL | {"lr": lr})
    run_trials(study, train, val, CPU, tmp_path, num_trials=2)
    assert len(get_ended_trials(study)) == 2
    again = open_study(tmp_path, "plain", epochs=2)
    run_trials(again, train, val, CPU, tmp_path, num_trials=3)
    assert [trial.params["lr"] for trial in get_ended_trials(again)] == [5e-4, 1e-3, 2e-3]
    assert all(sorted(trial.intermediate_values) == [1, 2] for trial in get_ended_trials(again))
    again.add_trial(get_ended_trials(again)[0])
    written = write_search_report(again, tmp_path)
    assert {path.name for path in written} <= set(REPORT_FILES)
    report = (tmp_path / "search.md").read_text()
    assert "4 trials: 4 finished, 0 pruned" in report
    assert (tmp_path / JOURNAL).is_file()
    with pytest.raises(RunError, match="another folder"):
        open_study(tmp_path, "compact", epochs=2)


def test_open_study_of_another_space_is_rejected(tmp_path: Path) -> None:
    study = open_study(tmp_path, "plain", epochs=2)
    with pytest.raises(RunError, match="another folder"):
        open_study(tmp_path, "architecture", epochs=2)
    assert study.get_trials() == []


def test_run_trials_counts_a_trial_that_finished(train_split: Split, val_split: Split, tmp_path: Path) -> None:
    train, val = train_split.take(slice(0, 56)), val_split.take(slice(0, 28))
    study = open_study(tmp_path, "plain", epochs=2)
    for lr in (4e-3, 4e-3, 4e-3, 4e-3, 4e-3, 2e-4, 2e-4):
        study.enqueue_trial(SMALL | {"lr": lr})
    run_trials(study, train, val, CPU, tmp_path, num_trials=7)
    last = [trial.intermediate_values[2] for trial in get_ended_trials(study)]
    assert min(last[5:]) < statistics.median(last[:5])
    assert {trial.state.name for trial in get_ended_trials(study)} == {"COMPLETE"}


def test_run_trials_prunes_a_network_that_is_too_large(train_split: Split, val_split: Split, tmp_path: Path) -> None:
    study = open_study(tmp_path, "plain", epochs=1)
    study.enqueue_trial(MEMEMOJI9 | {"groups": 1, "filters": 64, "dense_width": 256})
    run_trials(study, train_split, val_split, CPU, tmp_path, num_trials=1)
    assert [trial.state.name for trial in get_ended_trials(study)] == ["PRUNED"]
    assert not (tmp_path / "trials").exists()


def test_an_unknown_space_is_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be one of plain, compact, architecture"):
        open_study(tmp_path, "cubic", epochs=1)

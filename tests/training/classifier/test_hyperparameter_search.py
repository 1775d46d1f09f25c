"""The search, at the smallest scale."""

import dataclasses
import statistics
from pathlib import Path

import optuna
import pytest

from mememoji.datasets.splits import Split
from mememoji.errors import InputError, RunError
from mememoji.training.classifier.hyperparameter_search import (
    JOURNAL,
    MOST_PARAMETERS,
    SPACES,
    ended,
    open_study,
    run_trials,
)
from mememoji.training.classifier.networks import CompactShape, build, parameter_count
from mememoji.training.classifier.search_report import FILES, write_search_report
from mememoji.training.common.device import choose_device

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
    "rate": 1e-3,
    "batch": 64,
    "decay": 1e-2,
    "augmentation": 1.0,
}
SMALL = MEMEMOJI9 | {"groups": 1, "convolutions": 1, "filters": 16, "dense": 0}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.parametrize("space", SPACES)
def test_every_corner_of_a_space_is_a_recipe(space: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(25):
        recipe = SPACES[space](study.ask())
        assert parameter_count(build(recipe.shape)) > 0


def test_the_originals_design_is_a_point_of_its_space() -> None:
    from mememoji.training.classifier.networks.plain_network import MEMEMOJI9 as SHAPE

    assert SPACES["plain"](optuna.trial.FixedTrial(MEMEMOJI9)).shape == SHAPE  # type: ignore[arg-type]


def test_shapes_fill_the_parameters_and_the_present_one_is_first(tmp_path: Path) -> None:
    from mememoji.training.classifier.classifier_config import PRESETS

    study = open_study(tmp_path, "shape", epochs=1)
    first = SPACES["shape"](study.ask()).shape
    assert isinstance(first, CompactShape)
    present = PRESETS["compact-wide"].shape
    assert isinstance(present, CompactShape)
    assert (first.stem, first.widths[:2], first.blocks) == (present.stem, present.widths[:2], present.blocks)
    assert first.widths[2] >= present.widths[2]
    for _ in range(10):
        trial = study.ask()
        shape = SPACES["shape"](trial).shape
        assert isinstance(shape, CompactShape)
        wider = dataclasses.replace(shape, widths=(*shape.widths[:2], shape.widths[2] + 8))
        assert trial.user_attrs["width3"] == shape.widths[2]
        assert parameter_count(build(shape)) <= MOST_PARAMETERS < parameter_count(build(wider))
    assert len(open_study(tmp_path, "shape", epochs=1).trials) == len(study.trials)


def test_a_search_goes_on_where_it_stopped_and_reports(train_split: Split, val_split: Split, tmp_path: Path) -> None:
    little, few = train_split.take(slice(0, 56)), val_split.take(slice(0, 28))
    study = open_study(tmp_path, "plain", epochs=2)
    for rate in (5e-4, 1e-3, 2e-3):
        study.enqueue_trial(SMALL | {"rate": rate})
    run_trials(study, little, few, CPU, tmp_path, trials=2)
    assert len(ended(study)) == 2
    again = open_study(tmp_path, "plain", epochs=2)
    run_trials(again, little, few, CPU, tmp_path, trials=3)
    assert [trial.params["rate"] for trial in ended(again)] == [5e-4, 1e-3, 2e-3]
    assert all(sorted(trial.intermediate_values) == [1, 2] for trial in ended(again))
    again.add_trial(ended(again)[0])
    written = write_search_report(again, tmp_path)
    assert {path.name for path in written} <= set(FILES)
    told = (tmp_path / "search.md").read_text()
    assert "4 trials: 4 finished, 0 pruned" in told
    assert (tmp_path / JOURNAL).is_file()
    with pytest.raises(RunError, match="another folder"):
        open_study(tmp_path, "compact", epochs=2)


def test_a_search_of_another_space_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    study = open_study(tmp_path, "plain", epochs=2)
    with pytest.raises(RunError, match="another folder"):
        open_study(tmp_path, "shape", epochs=2)
    assert study.get_trials() == []


def test_a_trial_that_came_to_its_last_epoch_counts(train_split: Split, val_split: Split, tmp_path: Path) -> None:
    little, few = train_split.take(slice(0, 56)), val_split.take(slice(0, 28))
    study = open_study(tmp_path, "plain", epochs=2)
    for rate in (4e-3, 4e-3, 4e-3, 4e-3, 4e-3, 2e-4, 2e-4):
        study.enqueue_trial(SMALL | {"rate": rate})
    run_trials(study, little, few, CPU, tmp_path, trials=7)
    last = [trial.intermediate_values[2] for trial in ended(study)]
    assert min(last[5:]) < statistics.median(last[:5])
    assert {trial.state.name for trial in ended(study)} == {"COMPLETE"}


def test_a_network_over_the_limit_is_not_trained(train_split: Split, val_split: Split, tmp_path: Path) -> None:
    study = open_study(tmp_path, "plain", epochs=1)
    study.enqueue_trial(MEMEMOJI9 | {"groups": 1, "filters": 64, "dense_width": 256})
    run_trials(study, train_split, val_split, CPU, tmp_path, trials=1)
    assert [trial.state.name for trial in ended(study)] == ["PRUNED"]
    assert not (tmp_path / "trials").exists()


def test_an_unknown_space_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are plain, compact, shape"):
        open_study(tmp_path, "cubic", epochs=1)

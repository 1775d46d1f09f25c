"""What each step of a recipe is worth: the same training without it, on the same images, with several seeds.

    python -m benchmarks.ablation data/fer2013 --out runs/ablation [--preset compact] [--epochs 12] [--pictures 7000]
        [--seeds 3] [--workers 2] [--compile]

Accuracy is val's after the last epoch, so that no epoch is chosen. A run that came to an end is read from its folder
instead of trained anew: an interrupted table goes on where it was. Prints a Markdown record.
"""

import argparse
import dataclasses
import functools
import multiprocessing
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.provenance import commit, machine, today
from mememoji.datasets.splits import read_split
from mememoji.training.classifier.classifier_config import PRESETS, Recipe
from mememoji.training.classifier.classifier_trainer import Fitting
from mememoji.training.classifier.networks import CompactShape, build, parameter_count
from mememoji.training.common.checkpoint import FILE
from mememoji.training.common.device import choose_device, end_with_parent, use_threads


def _augmented(**changes: Any) -> Callable[[Recipe], Recipe]:
    return lambda recipe: recipe.with_changes(augmentation=dataclasses.replace(recipe.augmentation, **changes))


def _without_gates(recipe: Recipe) -> Recipe:
    assert isinstance(recipe.shape, CompactShape)
    return recipe.with_changes(shape=dataclasses.replace(recipe.shape, gated=False))


WHOLE: Final = "whole"
STEPS: Final[dict[str, Callable[[Recipe], Recipe]]] = {
    WHOLE: lambda recipe: recipe,
    "no votes head's loss": lambda recipe: recipe.with_changes(votes=0.0),
    "no labels softened by votes": lambda recipe: recipe.with_changes(softening=0.0),
    "neither of both": lambda recipe: recipe.with_changes(votes=0.0, softening=0.0),
    "no label smoothing": lambda recipe: recipe.with_changes(smoothing=0.0),
    "no average of weights": lambda recipe: recipe.with_changes(average=0.0),
    "no mirror images": _augmented(mirror=False),
    "no shift, turn, scale": _augmented(shift=0.0, rotation=0.0, scale=0.0),
    "no light": _augmented(light=0.0),
    "no erasing": _augmented(erasing=0.0),
    "no squeeze-and-excitation": _without_gates,
}


def trained(
    data: Path, out: Path, step: str, recipe: Recipe, pictures: int | None, threads: int, *, compiled: bool
) -> float:
    """Val's accuracy in percent after the last epoch, trained here or read from the run's folder."""
    use_threads(threads)
    train, val = (read_split(data / f"{name}.parquet") for name in ("train", "val"))
    run = out / f"{step.replace(' ', '-')}-{recipe.seed}"
    if pictures is not None:
        train = train.take(slice(0, pictures))
    fitting = Fitting(recipe, train, val, run, choose_device(), compiled=compiled, quiet=True)
    if (run / FILE).is_file():
        fitting.resume()
    if len(fitting.history) < recipe.epochs:
        fitting.fit()
    return 100 * fitting.history[-1].val_accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder that mememoji data prepare wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="compact", choices=[name for name in PRESETS if name.startswith("compact")])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--pictures", type=int, help="the first so many of train; else all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="fuse the networks with torch.compile")
    asked = parser.parse_args()
    base = PRESETS[asked.preset].with_changes(epochs=asked.epochs)
    job = functools.partial(trained, compiled=asked.compile)
    threads = max(1, torch.get_num_threads() // asked.workers)
    found: dict[str, list[float]] = {step: [] for step in STEPS}
    with ProcessPoolExecutor(asked.workers, multiprocessing.get_context("spawn"), initializer=end_with_parent) as pool:
        # Seed by seed: a table that is stopped early has all rows.
        waiting = [
            (step, pool.submit(job, asked.data, asked.out, step, recipe, asked.pictures, threads))
            for seed in range(asked.seeds)
            for step, change in STEPS.items()
            for recipe in [change(base).with_changes(seed=seed)]
        ]
        for step, future in waiting:
            found[step].append(future.result())
            print(f"{step}, seed {len(found[step]) - 1}: {found[step][-1]:.2f}", flush=True)
    print(f"\n{today()}, {machine()}, {choose_device()}, torch {torch.__version__}, commit {commit()}: ", end="")
    print(f"`{asked.preset}`, {parameter_count(build(base.shape)):,} parameters, ", end="")
    print(f"{base.epochs} epochs of {asked.pictures or 'all'} images, {asked.seeds} seeds\n")
    print("| step | val, % | against the whole recipe, same seeds |\n|---|---|---|")
    for step, values in found.items():
        changes = [value - whole for value, whole in zip(values, found[WHOLE], strict=True)]
        change = "" if step == WHOLE else f"{statistics.mean(changes):+.1f}"
        if change and len(changes) > 1:
            change += f" ± {statistics.stdev(changes) / len(changes) ** 0.5:.1f}"
        print(f"| {step} | {statistics.mean(values):.1f} | {change} |")


if __name__ == "__main__":
    main()

"""Ablation of the training configuration: train without each component, on the same images, with several seeds.

    python -m benchmarks.ablation data/fer2013 --out runs/ablation [--preset compact] [--epochs 12]
        [--train-subset 7000] [--seeds 3] [--workers 2] [--compile]

Accuracy is that on val after the last epoch, so that no epoch is selected. Finished runs are read from their folder:
an interrupted benchmark resumes. Prints a Markdown record.
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
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_presets import PRESETS
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.networks import CompactConfig, build_model
from mememoji.training.common.checkpoint import has_checkpoint
from mememoji.training.common.device import choose_device, exit_with_parent, set_num_threads
from mememoji.training.common.model_size import count_parameters


def _change_augmentation(**changes: Any) -> Callable[[ClassifierTrainConfig], ClassifierTrainConfig]:
    return lambda config: config.with_changes(augmentation=dataclasses.replace(config.augmentation, **changes))


def _remove_gates(config: ClassifierTrainConfig) -> ClassifierTrainConfig:
    assert isinstance(config.model, CompactConfig)
    return config.with_changes(model=dataclasses.replace(config.model, squeeze_excitation=False))


FULL: Final = "full"
COMPONENTS: Final[dict[str, Callable[[ClassifierTrainConfig], ClassifierTrainConfig]]] = {
    FULL: lambda config: config,
    "no votes head's loss": lambda config: config.with_changes(votes_weight=0.0),
    "no soft labels from votes": lambda config: config.with_changes(soft_label_weight=0.0),
    "neither": lambda config: config.with_changes(votes_weight=0.0, soft_label_weight=0.0),
    "no label smoothing": lambda config: config.with_changes(label_smoothing=0.0),
    "no EMA of weights": lambda config: config.with_changes(ema_decay=0.0),
    "no horizontal flip": _change_augmentation(hflip=False),
    "no shift, rotation, scale": _change_augmentation(shift=0.0, rotation=0.0, scale=0.0),
    "no brightness and contrast": _change_augmentation(brightness_contrast=0.0),
    "no erasing": _change_augmentation(random_erasing_prob=0.0),
    "no squeeze-and-excitation": _remove_gates,
}


def train(
    data: Path,
    out: Path,
    step: str,
    config: ClassifierTrainConfig,
    train_subset: int | None,
    threads: int,
    *,
    compile_model: bool,
) -> float:
    """Return the accuracy on val in percent after the last epoch, trained here or read from the run's folder."""
    set_num_threads(threads)
    train, val = (read_split(data / f"{name}.parquet") for name in ("train", "val"))
    run = out / f"{step.replace(' ', '-')}-{config.seed}"
    if train_subset is not None:
        train = train.take(slice(0, train_subset))
    trainer = ClassifierTrainer(config, train, val, run, choose_device(), compile_model=compile_model, quiet=True)
    if has_checkpoint(run):
        trainer.resume()
    if len(trainer.history) < config.epochs:
        trainer.train()
    return 100 * trainer.history[-1].val_accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder that mememoji data prepare wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="compact", choices=[name for name in PRESETS if name.startswith("compact")])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--train-subset", type=int, help="the first N images of train; all if not given")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="fuse the networks with torch.compile")
    args = parser.parse_args()
    base = PRESETS[args.preset].with_changes(epochs=args.epochs)
    job = functools.partial(train, compile_model=args.compile)
    threads = max(1, torch.get_num_threads() // args.workers)
    found: dict[str, list[float]] = {step: [] for step in COMPONENTS}
    with ProcessPoolExecutor(args.workers, multiprocessing.get_context("spawn"), initializer=exit_with_parent) as pool:
        # Seed by seed, so that an interrupted table has all rows.
        waiting = [
            (step, pool.submit(job, args.data, args.out, step, config, args.train_subset, threads))
            for seed in range(args.seeds)
            for step, change in COMPONENTS.items()
            for config in [change(base).with_changes(seed=seed)]
        ]
        for step, future in waiting:
            found[step].append(future.result())
            print(f"{step}, seed {len(found[step]) - 1}: {found[step][-1]:.2f}", flush=True)
    print(f"\n{today()}, {machine()}, {choose_device()}, torch {torch.__version__}, commit {commit()}: ", end="")
    print(f"`{args.preset}`, {count_parameters(build_model(base.model)):,} parameters, ", end="")
    print(f"{base.epochs} epochs of {args.train_subset or 'all'} images, {args.seeds} seeds\n")
    print("| component | val, % | difference to the full configuration, same seeds |\n|---|---|---|")
    for step, values in found.items():
        changes = [value - full for value, full in zip(values, found[FULL], strict=True)]
        change = "" if step == FULL else f"{statistics.mean(changes):+.1f}"
        if change and len(changes) > 1:
            change += f" ± {statistics.stdev(changes) / len(changes) ** 0.5:.1f}"
        print(f"| {step} | {statistics.mean(values):.1f} | {change} |")


if __name__ == "__main__":
    main()

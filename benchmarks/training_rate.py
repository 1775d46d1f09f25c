"""Training's images per second against a bare forward-backward loop of the same network, as a ratio in one run.

    python -m benchmarks.training_rate data/fer2013/train.parquet [--preset compact] [--pictures 2560] [--compile]

The bare loop runs before and after the training, so that a machine that slows down in between shows. It has the
network, the loss and nothing else: no augmentation, no optimizer, no moving average. Prints a Markdown record.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.provenance import commit, machine, today
from mememoji.datasets.splits import Split, read_split
from mememoji.training.classifier.classifier_config import PRESETS, Recipe
from mememoji.training.classifier.classifier_trainer import Fitting
from mememoji.training.classifier.networks import build
from mememoji.training.classifier.tensor_split import Material, as_input
from mememoji.training.classifier.train_step import loss_of
from mememoji.training.common.device import Device, choose_device

ROUNDS = 3


def bare(recipe: Recipe, split: Split, device: Device, *, compiled: bool) -> list[float]:
    """Images per second of forward and backward passes alone, one figure a round after one to warm up."""
    network = build(recipe.shape).to(device.where).train()
    forward = torch.compile(network) if compiled else network
    material = Material.of(split, device.where, recipe)
    rates = []
    for _ in range(ROUNDS + 1):
        start, seen = time.perf_counter(), 0
        for first in range(0, len(material), recipe.batch):
            which = torch.arange(first, min(first + recipe.batch, len(material)), device=device.where)
            targets = material.batch(which, softened=True)
            with device.precision():
                loss = loss_of(forward(as_input(material.pictures[which])), targets, votes=recipe.votes)
            network.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            seen += len(which)
        if device.where.type == "cuda":
            torch.cuda.synchronize()
        rates.append(seen / (time.perf_counter() - start))
    return rates[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--preset", default="compact", choices=PRESETS)
    parser.add_argument("--pictures", type=int, default=2560)
    parser.add_argument("--compile", action="store_true")
    asked = parser.parse_args()
    device = choose_device()
    split = read_split(asked.data).take(slice(0, asked.pictures))
    recipe = PRESETS[asked.preset].with_changes(epochs=ROUNDS + 1)
    before = bare(recipe, split, device, compiled=asked.compile)
    with tempfile.TemporaryDirectory() as run:
        fitting = Fitting(
            recipe, split, split.take(slice(0, 64)), Path(run), device, compiled=asked.compile, quiet=True
        )
        fitting.fit()
        ours = [epoch.pictures_per_second for epoch in fitting.history[1:]]
    after = bare(recipe, split, device, compiled=asked.compile)
    rate, loop = statistics.median(ours), statistics.median(before + after)
    print(f"{today()}, {machine()}, {device}, torch {torch.__version__}, ", end="")
    print(f"{torch.get_num_threads()} threads, commit {commit()}, ", end="")
    print(f"preset {asked.preset}, batch {recipe.batch}, {'compiled' if asked.compile else 'not compiled'}\n")
    print("| | images a second |\n|---|---|")
    print(f"| training | {rate:.1f} ({min(ours):.1f} to {max(ours):.1f}) |")
    print(f"| bare forward and backward | {loop:.1f} ({min(before + after):.1f} to {max(before + after):.1f}) |")
    print(f"| ratio | **{rate / loop:.2f}** |")


if __name__ == "__main__":
    main()

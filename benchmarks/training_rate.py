"""Training rate relative to a bare forward and backward loop of the same network, as a ratio in one run.

    python -m benchmarks.training_rate data/fer2013/train.parquet [--preset compact] [--train-subset 2560] [--compile]

The bare loop runs before and after the training, to reveal a machine that slows down in between. It has the
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
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_presets import PRESETS
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.tensor_split import TensorSplit, to_input
from mememoji.training.classifier.train_step import classification_loss
from mememoji.training.common.device import Device, choose_device

ROUNDS = 3


def bare(config: ClassifierTrainConfig, split: Split, device: Device, *, compile_model: bool) -> list[float]:
    """Return images per second of forward and backward passes only, one value per round after a warm-up round."""
    network = build_model(config.model).to(device.torch_device).train()
    forward = torch.compile(network) if compile_model else network
    data = TensorSplit.from_split(split, device.torch_device, config)
    rates = []
    for _ in range(ROUNDS + 1):
        start, seen = time.perf_counter(), 0
        for first in range(0, len(data), config.batch_size):
            which = torch.arange(first, min(first + config.batch_size, len(data)), device=device.torch_device)
            targets = data.get_targets(which, soft_labels=True)
            with device.autocast():
                loss = classification_loss(
                    forward(to_input(data.images[which])), targets, votes_weight=config.votes_weight
                )
            network.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            seen += len(which)
        if device.torch_device.type == "cuda":
            torch.cuda.synchronize()
        rates.append(seen / (time.perf_counter() - start))
    return rates[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--preset", default="compact", choices=PRESETS)
    parser.add_argument("--train-subset", type=int, default=2560)
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    device = choose_device()
    split = read_split(args.data).take(slice(0, args.train_subset))
    config = PRESETS[args.preset].with_changes(epochs=ROUNDS + 1)
    before = bare(config, split, device, compile_model=args.compile)
    with tempfile.TemporaryDirectory() as run:
        trainer = ClassifierTrainer(
            config, split, split.take(slice(0, 64)), Path(run), device, compile_model=args.compile, quiet=True
        )
        trainer.train()
        ours = [epoch.images_per_second for epoch in trainer.history[1:]]
    after = bare(config, split, device, compile_model=args.compile)
    rate, loop = statistics.median(ours), statistics.median(before + after)
    print(f"{today()}, {machine()}, {device}, torch {torch.__version__}, ", end="")
    print(f"{torch.get_num_threads()} threads, commit {commit()}, ", end="")
    print(f"preset {args.preset}, batch {config.batch_size}, {'compiled' if args.compile else 'not compiled'}\n")
    print("| | images a second |\n|---|---|")
    print(f"| training | {rate:.1f} ({min(ours):.1f} to {max(ours):.1f}) |")
    print(f"| bare forward and backward | {loop:.1f} ({min(before + after):.1f} to {max(before + after):.1f}) |")
    print(f"| ratio | **{rate / loop:.2f}** |")


if __name__ == "__main__":
    main()

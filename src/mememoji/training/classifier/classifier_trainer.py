"""Fitting: a recipe and prepared data in, a run folder with history, checkpoint and best weights out."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from mememoji.datasets.splits import Split
from mememoji.errors import RunError
from mememoji.training.classifier.batch_sampler import BatchSampler, MixedSet, drawing_weights
from mememoji.training.classifier.cached_targets import Lesson, Lessons
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.cuda_graph import Recording
from mememoji.training.classifier.networks import build
from mememoji.training.classifier.sam import Climb
from mememoji.training.classifier.teachers import Teacher
from mememoji.training.classifier.tensor_split import UNKNOWN, Material, as_input
from mememoji.training.classifier.train_step import Batch, Step, loss_of
from mememoji.training.common.checkpoint import Checkpoint, read_checkpoint
from mememoji.training.common.device import Device
from mememoji.training.common.metrics_log import Epoch, draw_history, write_history
from mememoji.training.common.optimizer import MovingAverage, make_optimizer, rate_at

_SAVED_EVERY = 30.0
"""Seconds that may be lost: on a GPU an epoch takes less time than writing a checkpoint and drawing its curves."""


class Fitting:
    """A training under way.

    Args:
        recipe: what to do.
        train: the split to learn from.
        val: the split to choose the best epoch by.
        run: the folder for history, curves and checkpoint; made where missing.
        device: where to compute.
        teachers: whose answers to each changed image are learned beside its targets.
        mixed: face sets that fill a share of each batch. The weights after the last epoch are then taken for the best:
            val, which is FER2013's, does not tell how well other faces are read.
        initial: the state dict of a network of the recipe's shape to start from; None starts from random weights.
        remarks: what the card of exported weights is to say of the training beside its data.
        after_epoch: called with each epoch's figures; what it raises ends the training.
        compiled: whether torch.compile fuses the network, which needs a C++ compiler and a minute at the start.
        quiet: no progress bar.

    Raises:
        DatasetError: a split holds no images.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Split,
        val: Split,
        run: Path,
        device: Device,
        *,
        teachers: Sequence[Teacher] = (),
        mixed: Sequence[MixedSet] = (),
        initial: Mapping[str, Tensor] | None = None,
        remarks: str = "",
        after_epoch: Callable[[Epoch], None] | None = None,
        compiled: bool = False,
        quiet: bool = False,
    ) -> None:
        self.recipe, self.run, self.device, self.quiet = recipe, run, device, quiet
        self.after_epoch = after_epoch
        self.mixed, self.remarks = tuple(mixed), remarks
        self.fingerprint = _fingerprint(train, self.mixed)
        # Batches are of one size: which of cuDNN's kernels is fastest for them is worth trying out once.
        torch.backends.cudnn.benchmark = device.where.type == "cuda"
        torch.manual_seed(recipe.seed)
        own = Material.of(train, device.where, recipe, teaching=recipe.teaching if teachers else 0.0)
        others = [Material.from_face_set(one.faces, device.where, has_teachers=bool(teachers)) for one in self.mixed]
        self.train = Material.merge([own, *others])
        unlabeled = recipe.unlabeled if teachers else 0.0
        weights = [
            drawing_weights(one.faces, device.where, rare_power=recipe.rare_power, unlabeled=unlabeled)
            for one in self.mixed
        ]
        self.sampler = BatchSampler(len(own), recipe.batch, [one.share for one in self.mixed], weights)
        self.val = Material.of(val, device.where)
        network = build(recipe.shape)
        if initial is not None:
            network.load_state_dict(initial)
        self.network = network.to(device.where).to(memory_format=device.memory)
        self.average = MovingAverage(self.network, recipe.average) if recipe.average > 0 else None
        self.optimizer = make_optimizer(self.network, recipe)
        self.history: list[Epoch] = []
        self.best = _copied(self.evaluated)
        self.lessons = Lessons(teachers, self.train.pictures, recipe) if teachers and recipe.lessons else None
        if compiled:
            # A process that fits network after network would reach Dynamo's limit of recompilations, and go on slowly.
            torch.compiler.reset()
        forward: Callable[[Tensor], dict[str, Tensor]] = torch.compile(self.network) if compiled else self.network
        self._chance = torch.Generator(device.where)
        climb = Climb(self.network, recipe.sharpness) if recipe.sharpness > 0 else None
        step = Step(forward, recipe, device, self._chance, () if self.lessons else teachers, climb)
        # A teacher that computes elsewhere cannot be recorded, and a compiled network records itself as it likes.
        recorded = device.where.type == "cuda" and not compiled and not step.teachers
        self._step = Recording(step, self.network) if recorded else step
        self._saved = -math.inf
        run.mkdir(parents=True, exist_ok=True)

    @property
    def evaluated(self) -> nn.Module:
        """The network that val judges and that is exported: the average where there is one."""
        return self.network if self.average is None else self.average.network

    def resume(self) -> None:
        """Go on from the run's checkpoint.

        Raises:
            RunError: no checkpoint, another recipe, or other data.
        """
        saved = read_checkpoint(self.run, self.device.where)
        if saved.recipe != self.recipe:
            raise RunError(f"{self.run} was begun with another recipe: {saved.recipe}; asked for: {self.recipe}")
        if saved.data != self.fingerprint:
            raise RunError(f"{self.run} was begun with other data; prepare the same, or start anew elsewhere")
        self.history, self.best = list(saved.history), saved.best
        if saved.is_finished:
            return
        self.network.load_state_dict(saved.network)
        if self.average is not None and saved.average is not None:
            self.average.network.load_state_dict(saved.average)
            self.average.steps = saved.average_steps
        self.optimizer.load_state_dict(saved.optimizer)

    def fit(self) -> nn.Module:
        """Train to the end, or until val has not improved for the recipe's patience.

        Returns:
            The evaluated network at its best val accuracy, or as it is at the end where face sets are mixed in; in
            evaluation mode.

        Raises:
            RunError: the loss is no longer a number.
        """
        pictures = self.sampler.steps * self.sampler.batch
        with tqdm(
            total=self.recipe.epochs * pictures,
            initial=len(self.history) * pictures,
            unit=" images",
            unit_scale=True,
            disable=self.quiet,
        ) as bar:
            for epoch in range(len(self.history), self.recipe.epochs):
                if self._is_stuck():
                    break
                bar.set_description(f"epoch {epoch + 1}/{self.recipe.epochs}")
                self.history.append(self._epoch(epoch, bar))
                is_best = self.history[-1].val_accuracy > max([e.val_accuracy for e in self.history[:-1]], default=-1.0)
                if is_best or self.mixed:
                    self.best = _copied(self.evaluated)
                if time.monotonic() - self._saved > _SAVED_EVERY:
                    self._save(self._checkpoint())
                if self.after_epoch is not None:
                    self.after_epoch(self.history[-1])
        self._save(Checkpoint.finished(self.recipe, self.fingerprint, self.history, self.best, remarks=self.remarks))
        network = build(self.recipe.shape)
        network.load_state_dict(self.best)
        return network.eval()

    def _is_stuck(self) -> bool:
        accuracies = [epoch.val_accuracy for epoch in self.history]
        patience = self.recipe.patience
        return 0 < patience < len(accuracies) and max(accuracies[-patience:]) <= max(accuracies[:-patience])

    def _epoch(self, number: int, bar: "tqdm[Any]") -> Epoch:
        # Chance is seeded anew each epoch: a resumed training draws what an uninterrupted one would have.
        seed = self.recipe.seed * 1_000_003 + number
        torch.manual_seed(seed)
        self._chance.manual_seed(seed)
        order, steps = self.sampler.draw(self._chance), self.sampler.steps
        start = time.perf_counter()
        # Sums stay on the device: reading one back each step would make the CPU wait for the GPU.
        losses, right = torch.zeros(2, device=self.device.where)
        self.network.train()
        lesson = None if self.lessons is None else self.lessons.of(number)
        seen, labeled = 0, torch.zeros((), device=self.device.where)
        # A last batch of one image would break batch normalization, so what does not fill a batch waits.
        for step, which in enumerate(order):
            rate = rate_at(self.recipe, number + (step + 0.5) / steps)
            batch = self._batch(which, number, lesson)
            loss, hits = self._taken(batch, rate)
            losses, right = losses + loss, right + hits
            labeled += (batch.labels != UNKNOWN).sum()
            seen += len(which)
            bar.update(len(which))
            if step % 50 == 49:
                accuracy = right.item() / max(labeled.item(), 1)
                bar.set_postfix(loss=f"{losses.item() / (step + 1):.3f}", accuracy=f"{accuracy:.1%}")
        train_loss, train_accuracy = losses.item() / steps, right.item() / max(labeled.item(), 1)
        seconds = time.perf_counter() - start
        if not torch.isfinite(losses):
            raise RunError(f"the loss is no longer a number after epoch {number + 1}; a lower rate helps")
        val_loss, val_accuracy = self._judge()
        return Epoch(
            epoch=number + 1,
            rate=rate,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            pictures_per_second=seen / seconds,
            seconds=seconds,
        )

    def _batch(self, which: Tensor, epoch: int, lesson: Lesson | None) -> Batch:
        labels = self.train.labels[which]
        targets = self.train.batch(which, softened=epoch < self.recipe.softened * self.recipe.epochs)
        if lesson is not None and self.lessons is not None:
            mirrored = torch.full_like(which, self.lessons.mirrored(epoch), dtype=torch.bool)
            taught = {head: rows[which] for head, rows in lesson.taught.items()}
            return Batch(lesson.pictures[which], mirrored, labels, targets, self.train.teaching[which], taught)
        # Each image is mirrored every other epoch rather than by chance: both sides are seen equally often
        # (Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU").
        odd = ((which * 2_654_435_761 >> 7) + epoch) % 2 == 1
        flips = odd & self.recipe.augmentation.mirror
        return Batch(self.train.pictures[which], flips, labels, targets, self.train.teaching[which], {})

    def _taken(self, batch: Batch, rate: float) -> tuple[Tensor, Tensor]:
        """Take a step: the batch's loss and hits, and the weights moved."""
        if not isinstance(self._step, Recording):
            self.optimizer.zero_grad(set_to_none=True)
        results = self._step(batch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.network)
        return results

    @torch.no_grad()
    def _judge(self) -> tuple[float, float]:
        network = self.evaluated.eval()
        loss, right = 0.0, 0
        everything = torch.arange(len(self.val), device=self.device.where)
        for which in torch.split(everything, 256):
            logits = network(as_input(self.val.pictures[which]))
            targets = self.val.batch(which, softened=False)
            loss += float(loss_of(logits, targets, votes=self.recipe.votes)) * len(which)
            right += int((logits["labels"].argmax(dim=1) == self.val.labels[which]).sum())
        return loss / len(self.val), right / len(self.val)

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            self.recipe,
            self.fingerprint,
            self.history,
            self.network.state_dict(),
            None if self.average is None else self.average.network.state_dict(),
            0 if self.average is None else self.average.steps,
            self.optimizer.state_dict(),
            self.best,
            self.remarks,
        )

    def _save(self, checkpoint: Checkpoint) -> None:
        write_history(self.history, self.run / "history.csv")
        draw_history(self.history, self.run / "history.png")
        checkpoint.write(self.run)
        self._saved = time.monotonic()


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().to("cpu", copy=True) for name, value in network.state_dict().items()}


def _fingerprint(split: Split, mixed: Sequence[MixedSet]) -> str:
    digest = hashlib.sha256(split.images.tobytes())
    digest.update(split.labels.tobytes())
    digest.update(b"" if split.votes is None else split.votes.tobytes())
    for one in mixed:
        for array in (one.faces.images, one.faces.labels, one.faces.trust, np.float64(one.share)):
            digest.update(array.tobytes())
    return digest.hexdigest()

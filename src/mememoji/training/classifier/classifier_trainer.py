"""Trainer of the classifier, which writes history, checkpoint and best weights to a run folder."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from mememoji.datasets.splits import Split
from mememoji.errors import RunError
from mememoji.progress import ProgressBar
from mememoji.training.classifier.batch_sampler import BatchSampler, MixedFaceSet
from mememoji.training.classifier.cached_targets import CachedViews
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_run import (
    HISTORY_PANELS,
    ClassifierCheckpoint,
    ClassifierMetrics,
    read_classifier_checkpoint,
)
from mememoji.training.classifier.cuda_graph import CudaGraphStep
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.teachers import Teacher
from mememoji.training.classifier.tensor_split import UNKNOWN, TensorSplit, to_input
from mememoji.training.classifier.train_step import Batch, TrainStep, classification_loss
from mememoji.training.common.checkpoint import CHECKPOINT_FILE, Checkpoint, describe_changes
from mememoji.training.common.device import Device
from mememoji.training.common.metrics_log import HISTORY_CSV, HISTORY_PNG, plot_history, write_history_csv
from mememoji.training.common.model_ema import ModelEMA
from mememoji.training.common.optimizer import SAM, compute_lr, make_optimizer, set_lr

_SAVE_INTERVAL: Final = 30.0
"""Seconds between checkpoints: on a GPU, an epoch is shorter than writing a checkpoint and plotting the history."""

_VAL_BATCH_SIZE: Final = 256


class ClassifierTrainer:
    """Trainer of an expression classifier.

    Args:
        config: The training's configuration.
        train: The split to train on.
        val: The split to select the best epoch on.
        run: The folder for history, plots and checkpoint; it is created if needed.
        device: Device and precision.
        teachers: Networks from which the classifier is distilled.
        face_sets: Face sets that fill a fraction of each batch. The weights after the last epoch then count as the
            best: val, which is FER2013's, does not predict the accuracy on other faces.
        initial_weights: State dict of a network of the same architecture to start from; None starts from random
            weights.
        remarks: Text for the card of exported weights, in addition to its description of the data.
        on_epoch_end: Called with each epoch's metrics; an exception that it raises ends the training.
        compile_model: Whether to fuse the network with torch.compile, which needs a C++ compiler and about a minute.
        quiet: Whether to hide the progress: a bar on a terminal, else a line for each epoch.

    Raises:
        DatasetError: A split has no images.
    """

    def __init__(
        self,
        config: ClassifierTrainConfig,
        train: Split,
        val: Split,
        run: Path,
        device: Device,
        *,
        teachers: Sequence[Teacher] = (),
        face_sets: Sequence[MixedFaceSet] = (),
        initial_weights: Mapping[str, Tensor] | None = None,
        remarks: str = "",
        on_epoch_end: Callable[[ClassifierMetrics], None] | None = None,
        compile_model: bool = False,
        quiet: bool = False,
    ) -> None:
        self.config, self.run, self.device, self.quiet = config, run, device, quiet
        self.face_sets, self.remarks, self.on_epoch_end = tuple(face_sets), remarks, on_epoch_end
        self.data_fingerprint = _compute_fingerprint(train, self.face_sets)
        # All batches have the same size, so it pays to let cuDNN search for its fastest kernels once.
        torch.backends.cudnn.benchmark = device.is_cuda
        torch.manual_seed(config.seed)
        self.train_data, self.sampler = self._load_train_data(train, has_teachers=bool(teachers))
        self.val_data = TensorSplit.from_split(val, device.torch_device)
        model = build_model(config.model)
        if initial_weights is not None:
            model.load_state_dict(initial_weights)
        self.model = model.to(device.torch_device).to(memory_format=device.memory_format)
        self.ema = ModelEMA(self.model, config.ema_decay) if config.ema_decay > 0 else None
        self.optimizer = make_optimizer(self.model, config)
        self.history: list[ClassifierMetrics] = []
        self.best = _copy_weights(self.eval_model)
        has_cache = bool(teachers) and config.num_cached_views > 0
        self.cached_views = CachedViews(teachers, self.train_data.images, config) if has_cache else None
        self._generator = torch.Generator(device.torch_device)
        self._train_step = self._make_train_step(() if has_cache else teachers, compile_model=compile_model)
        self._last_save = -math.inf
        run.mkdir(parents=True, exist_ok=True)

    @property
    def eval_model(self) -> nn.Module:
        """The network that is validated and exported: the moving average if there is one."""
        return self.model if self.ema is None else self.ema.module

    def resume(self) -> None:
        """Continue from the run's checkpoint.

        Raises:
            RunError: There is no checkpoint, or it has another configuration or other data.
        """
        saved = read_classifier_checkpoint(self.run, self.device.torch_device)
        if saved.config != self.config:
            changes = describe_changes(saved.config, self.config)
            raise RunError(f"{self.run} was started with another configuration: {changes}; use the same to resume")
        if saved.data_fingerprint != self.data_fingerprint:
            raise RunError(f"{self.run} was started with other data; use the same, or start in another folder")
        self.history, self.best = list(saved.history), saved.best
        if saved.is_finished:
            return
        self.model.load_state_dict(saved.model)
        if self.ema is not None and saved.ema is not None:
            self.ema.module.load_state_dict(saved.ema)
            self.ema.num_updates = saved.num_ema_updates
        self.optimizer.load_state_dict(saved.optimizer)

    def train(self) -> nn.Module:
        """Train to the last epoch, or until val has not improved for the config's patience.

        Returns:
            The network at its best val accuracy, or after the last epoch if there are face sets; in evaluation mode,
            on the CPU.

        Raises:
            RunError: The loss became NaN or infinite.
        """
        with self._make_progress_bar() as bar:
            for epoch in range(len(self.history), self.config.epochs):
                if self.should_stop_early():
                    break
                metrics = self._train_epoch(epoch, bar)
                if self.face_sets or metrics.val_accuracy > self._find_best_val_accuracy():
                    self.best = _copy_weights(self.eval_model)
                self.history.append(metrics)
                bar.write_line(metrics.describe(self.config.epochs))
                if time.monotonic() - self._last_save > _SAVE_INTERVAL:
                    self._save(self._make_checkpoint())
                if self.on_epoch_end is not None:
                    self.on_epoch_end(metrics)
        self._save(self._make_checkpoint().finish())
        model = build_model(self.config.model)
        model.load_state_dict(self.best)
        return model.eval()

    def should_stop_early(self) -> bool:
        """Return whether val has not improved for `early_stopping_patience` epochs."""
        patience = self.config.early_stopping_patience
        accuracies = [metrics.val_accuracy for metrics in self.history]
        return 0 < patience < len(accuracies) and max(accuracies[-patience:]) <= max(accuracies[:-patience])

    @torch.no_grad()
    def validate(self) -> tuple[float, float]:
        """Return loss and accuracy on val."""
        model = self.eval_model.eval()
        loss, num_correct = 0.0, 0
        all_indices = torch.arange(len(self.val_data), device=self.device.torch_device)
        for indices in torch.split(all_indices, _VAL_BATCH_SIZE):
            logits = model(to_input(self.val_data.images[indices]))
            targets = self.val_data.get_targets(indices, soft_labels=False)
            batch_loss = classification_loss(logits, targets, votes_weight=self.config.votes_weight)
            loss += float(batch_loss) * len(indices)
            num_correct += int((logits["labels"].argmax(dim=1) == self.val_data.labels[indices]).sum())
        return loss / len(self.val_data), num_correct / len(self.val_data)

    def _train_epoch(self, epoch: int, bar: ProgressBar) -> ClassifierMetrics:
        # Generators are seeded in each epoch, so that a resumed training draws what an uninterrupted one would.
        seed = self.config.seed * 1_000_003 + epoch
        torch.manual_seed(seed)
        self._generator.manual_seed(seed)
        batches, num_steps = self.sampler.sample_epoch(self._generator), self.sampler.num_steps
        start = time.perf_counter()
        # Sums stay on the device: reading them in each step would make the CPU wait for the GPU.
        loss_sum, num_correct, num_labeled = torch.zeros(3, device=self.device.torch_device)
        self.model.train()
        description = f"epoch {epoch + 1}/{self.config.epochs}"
        bar.describe(description)
        for step, indices in enumerate(batches):
            batch = self._make_batch(indices, epoch)
            lr = compute_lr(self.config, epoch + (step + 0.5) / num_steps)
            loss, correct = self._optimizer_step(batch, lr)
            loss_sum, num_correct = loss_sum + loss, num_correct + correct
            num_labeled = num_labeled + (batch.labels != UNKNOWN).sum()
            bar.advance(len(indices))
            if step % 50 == 49:
                accuracy = num_correct.item() / max(num_labeled.item(), 1)
                bar.describe(description, f"loss {loss_sum.item() / (step + 1):.3f}, accuracy {accuracy:.1%}")
        train_loss, train_accuracy = loss_sum.item() / num_steps, num_correct.item() / max(num_labeled.item(), 1)
        seconds = time.perf_counter() - start
        if not math.isfinite(train_loss):
            raise RunError(f"the loss became NaN or infinite in epoch {epoch + 1}; try a lower --lr")
        val_loss, val_accuracy = self.validate()
        return ClassifierMetrics(
            epoch=epoch + 1,
            lr=lr,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            images_per_second=batches.numel() / seconds,
            seconds=seconds,
        )

    def _make_batch(self, indices: Tensor, epoch: int) -> Batch:
        data = self.train_data
        targets = data.get_targets(indices, soft_labels=epoch < self.config.soft_label_epochs * self.config.epochs)
        labels, distillation_weights = data.labels[indices], data.distillation_weights[indices]
        if self.cached_views is not None:
            view = self.cached_views.view(epoch)
            hflip_mask = torch.full_like(indices, self.cached_views.is_hflipped(epoch), dtype=torch.bool)
            teacher_probs = {head: probs[indices] for head, probs in view.teacher_probs.items()}
            return Batch(view.images[indices], hflip_mask, labels, targets, distillation_weights, teacher_probs)
        # Each image is mirrored every other epoch and not at random, so that both sides are seen equally often
        # (Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU").
        is_odd = ((indices * 2_654_435_761 >> 7) + epoch) % 2 == 1
        hflip_mask = is_odd & self.config.augmentation.hflip
        return Batch(data.images[indices], hflip_mask, labels, targets, distillation_weights, {})

    def _optimizer_step(self, batch: Batch, lr: float) -> tuple[Tensor, Tensor]:
        """Update the weights; return the batch's loss and number of correct labels."""
        if not isinstance(self._train_step, CudaGraphStep):
            self.optimizer.zero_grad(set_to_none=True)
        loss, num_correct = self._train_step(batch)
        set_lr(self.optimizer, lr)
        self.optimizer.step()
        if self.ema is not None:
            self.ema.update(self.model)
        return loss, num_correct

    def _load_train_data(self, train: Split, *, has_teachers: bool) -> tuple[TensorSplit, BatchSampler]:
        config, device = self.config, self.device.torch_device
        weight = config.distillation_weight if has_teachers else 0.0
        main = TensorSplit.from_split(train, device, config, distillation_weight=weight)
        others = [TensorSplit.from_face_set(mixed.faces, device, has_teachers=has_teachers) for mixed in self.face_sets]
        sampler = BatchSampler.from_face_sets(len(main), self.face_sets, config, device, has_teachers=has_teachers)
        return TensorSplit.concatenate([main, *others]), sampler

    def _make_train_step(self, teachers: Sequence[Teacher], *, compile_model: bool) -> TrainStep | CudaGraphStep:
        if compile_model:
            # A process that trains several networks would reach Dynamo's limit of recompilations and run slowly.
            torch.compiler.reset()
        forward: Callable[[Tensor], dict[str, Tensor]] = torch.compile(self.model) if compile_model else self.model
        sam = SAM(self.model, self.config.sam_rho) if self.config.sam_rho > 0 else None
        step = TrainStep(forward, self.config, self.device, self._generator, teachers, sam)
        # A teacher may compute on the CPU, which a graph cannot capture; torch.compile captures graphs by itself.
        can_capture = self.device.is_cuda and not compile_model and not teachers
        return CudaGraphStep(step, self.model) if can_capture else step

    def _make_progress_bar(self) -> ProgressBar:
        images_per_epoch = self.sampler.num_steps * self.sampler.batch_size
        return ProgressBar(
            self.config.epochs * images_per_epoch,
            "training",
            initial=len(self.history) * images_per_epoch,
            is_shown=not self.quiet,
            has_lines=False,
            is_kept=True,
        )

    def _find_best_val_accuracy(self) -> float:
        return max((metrics.val_accuracy for metrics in self.history), default=-1.0)

    def _make_checkpoint(self) -> ClassifierCheckpoint:
        return Checkpoint(
            self.config,
            self.data_fingerprint,
            self.history,
            self.model.state_dict(),
            None if self.ema is None else self.ema.module.state_dict(),
            0 if self.ema is None else self.ema.num_updates,
            self.optimizer.state_dict(),
            self.best,
            self.remarks,
        )

    def _save(self, checkpoint: ClassifierCheckpoint) -> None:
        write_history_csv(self.history, self.run / HISTORY_CSV)
        plot_history(self.history, HISTORY_PANELS, self.run / HISTORY_PNG)
        checkpoint.write(self.run / CHECKPOINT_FILE)
        self._last_save = time.monotonic()


def _copy_weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().to("cpu", copy=True) for name, value in model.state_dict().items()}


def _compute_fingerprint(split: Split, face_sets: Sequence[MixedFaceSet]) -> str:
    digest = hashlib.sha256(split.images.tobytes())
    digest.update(split.labels.tobytes())
    digest.update(b"" if split.votes is None else split.votes.tobytes())
    for mixed in face_sets:
        for array in (mixed.faces.images, mixed.faces.labels, mixed.faces.trust, np.float64(mixed.batch_fraction)):
            digest.update(array.tobytes())
    return digest.hexdigest()

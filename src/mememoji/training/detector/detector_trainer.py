"""Detector trainer: trains a network and writes history and checkpoints to a run folder."""

import hashlib
import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from mememoji.datasets.detection_images import DetectionSample
from mememoji.errors import DatasetError, RunError
from mememoji.model_files import compute_sha256
from mememoji.progress import ProgressBar
from mememoji.training.common.checkpoint import CHECKPOINT_FILE, Checkpoint, describe_changes
from mememoji.training.common.device import Device
from mememoji.training.common.metrics_log import HISTORY_CSV, HISTORY_PNG, plot_history, write_history_csv
from mememoji.training.common.model_ema import ModelEMA
from mememoji.training.common.optimizer import compute_lr, make_optimizer, set_lr
from mememoji.training.detector.detection_dataset import DetectionBatch, DetectionDataset
from mememoji.training.detector.detector_config import DetectorTrainConfig
from mememoji.training.detector.detector_losses import compute_losses
from mememoji.training.detector.detector_network import DetectorNetwork, load_detector_weights
from mememoji.training.detector.detector_run import (
    HISTORY_PANELS,
    PRE_DECAY_FILE,
    DetectorCheckpoint,
    DetectorMetrics,
    read_detector_checkpoint,
)
from mememoji.training.detector.training_samples import DecodedImage
from mememoji.training.detector.validator import Validator

_SAVE_INTERVAL: Final = 30.0
"""Seconds between checkpoints: on a GPU, an epoch is shorter than writing a checkpoint and plotting the history."""

_VAL_PRECISION: Final = 0.98


class DetectorTrainer:
    """Trainer of a face detector.

    Args:
        config: Configuration of the training.
        train: Images to train on; hard negatives among them are excluded, because they are kept for evaluation.
        val: Images to validate on; the metrics do not influence the training.
        run: Folder for history, plots and checkpoints; it is created if needed.
        device: Device and precision.
        num_workers: Number of processes that make training samples; 0 uses a thread of this one.
        val_interval: Number of epochs between validations; the last epoch is always validated.
        init_from: Weights file to start from; None starts from random weights. Its hash becomes part of the config.
        quiet: Whether to hide the progress: a bar on a terminal, else a line for each epoch.

    Raises:
        DatasetError: There are no images, or one cannot be read.
        ModelError: `init_from` is not a weights file, or has another architecture.
    """

    def __init__(
        self,
        config: DetectorTrainConfig,
        train: Sequence[DetectionSample],
        val: Sequence[DetectionSample],
        run: Path,
        device: Device,
        *,
        num_workers: int = 0,
        val_interval: int = 1,
        init_from: Path | None = None,
        quiet: bool = False,
    ) -> None:
        samples = [sample for sample in train if not sample.is_hard_negative]
        if not samples or not val:
            raise DatasetError(f"a training needs images, got {len(samples)} in train and {len(val)} in val")
        self.config, self.run, self.device, self.quiet = config, run, device, quiet
        self.val_interval = val_interval
        self.data_fingerprint = _compute_fingerprint(samples)
        torch.manual_seed(config.seed)
        model = DetectorNetwork(config.model)
        with ThreadPoolExecutor() as pool:
            images = list(pool.map(DecodedImage.from_sample, samples))
        self.dataset = DetectionDataset(images, config, num_workers=num_workers, pin_memory=device.is_cuda)
        if init_from is not None:
            load_detector_weights(model, init_from, self.dataset[0, 0].images)
            self.config = config.with_changes(init_sha256=compute_sha256(init_from))
        # Batches have this memory format on every device: see `DetectionBatch.from_samples`.
        self.model = model.to(device.torch_device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = ModelEMA(self.model, config.ema_decay)
        self.optimizer = make_optimizer(self.model, config)
        self.validator = Validator(val, device)
        self.history: list[DetectorMetrics] = []
        self._last_save = -math.inf
        run.mkdir(parents=True, exist_ok=True)

    @property
    def eval_model(self) -> DetectorNetwork:
        """The network that is validated and exported: the moving average."""
        module = self.ema.module
        assert isinstance(module, DetectorNetwork)
        return module

    def resume(self) -> None:
        """Continue from the run's checkpoint, or from the one before the decay if only the number of epochs differs.

        Raises:
            RunError: There is no checkpoint, or it has another configuration or other data.
        """
        saved = read_detector_checkpoint(self.run, self.device.torch_device)
        if not self.config.init_sha256:  # the initial weights are needed only at the start
            self.config = self.config.with_changes(init_sha256=saved.config.init_sha256)
        has_pre_decay = (self.run / PRE_DECAY_FILE).is_file()
        if not self.config.matches_until(len(saved.history), saved.config) and has_pre_decay:
            saved = read_detector_checkpoint(self.run, self.device.torch_device, PRE_DECAY_FILE)
        if not self.config.matches_until(len(saved.history), saved.config):
            changes = describe_changes(saved.config, self.config)
            raise RunError(f"{self.run} was started with another configuration: {changes}; use the same to resume")
        if saved.data_fingerprint != self.data_fingerprint:
            raise RunError(f"{self.run} was started with other images; use the same, or start in another folder")
        self.model.load_state_dict(saved.model)
        if saved.ema is not None:
            self.ema.module.load_state_dict(saved.ema)
            self.ema.num_updates = saved.num_ema_updates
        self.optimizer.load_state_dict(saved.optimizer)
        self.history = list(saved.history)

    def train(self) -> DetectorNetwork:
        """Train to the last epoch.

        Returns:
            The moving average of the network, in evaluation mode.

        Raises:
            RunError: The loss became NaN or infinite, or a process that makes training samples has died.
        """
        first, last = len(self.history), self.config.epochs
        with closing(self.dataset.batches(first, last)) as batches, self._make_progress_bar() as bar:
            for epoch in range(first, last):
                if epoch == last - self.config.lr_decay_epochs and epoch > 0:
                    self._make_checkpoint().write(self.run / PRE_DECAY_FILE)
                metrics = self._train_epoch(epoch, islice(batches, self.dataset.steps_per_epoch), bar)
                self.history.append(metrics)
                bar.write_line(metrics.describe(last))
                if epoch + 1 == last or time.monotonic() - self._last_save > _SAVE_INTERVAL:
                    self._save()
        return self.eval_model.eval()

    def _train_epoch(self, epoch: int, batches: Iterable[DetectionBatch], bar: ProgressBar) -> DetectorMetrics:
        start, num_images, num_steps = time.perf_counter(), 0, self.dataset.steps_per_epoch
        # Sums stay on the device: reading them in each step would make the CPU wait for the GPU.
        sums = torch.zeros(4, device=self.device.torch_device)
        self.model.train()
        description = f"epoch {epoch + 1}/{self.config.epochs}"
        bar.describe(description)
        for step, batch in enumerate(batches):
            lr = compute_lr(self.config, epoch + (step + 0.5) / num_steps)
            sums += self._optimizer_step(batch.to(self.device.torch_device), lr)
            num_images += len(batch.images)
            bar.advance(len(batch.images))
            if step % 20 == 19:
                bar.describe(description, f"loss {float(sums[0]) / (step + 1):.3f}")
        if not torch.isfinite(sums).all():
            raise RunError(f"the loss became NaN or infinite in epoch {epoch + 1}; try a lower --lr")
        seconds = time.perf_counter() - start
        has_validation = (epoch + 1) % self.val_interval == 0 or epoch + 1 == self.config.epochs
        curve = self.validator.validate(self.eval_model) if has_validation else None
        loss, face_loss, box_loss, landmark_loss = (value / num_steps for value in sums.tolist())
        return DetectorMetrics(
            epoch=epoch + 1,
            lr=lr,
            loss=loss,
            face_loss=face_loss,
            box_loss=box_loss,
            landmark_loss=landmark_loss,
            val_ap=curve.average_precision if curve else None,
            val_recall=curve.recall_at_precision(_VAL_PRECISION)[0] if curve else None,
            images_per_second=num_images / seconds,
            seconds=seconds,
        )

    def _optimizer_step(self, batch: DetectionBatch, lr: float) -> Tensor:
        """Update the weights; return the losses (4,): total, faces, boxes, landmarks."""
        with self.device.autocast():
            outputs = self.model(batch.images.float())
        losses = compute_losses(outputs, batch, self.config)
        set_lr(self.optimizer, lr)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.ema.update(self.model)
        return torch.stack([losses.total, losses.faces, losses.boxes, losses.landmarks]).detach()

    def _make_progress_bar(self) -> ProgressBar:
        images_per_epoch = self.dataset.steps_per_epoch * self.config.batch_size
        return ProgressBar(
            self.config.epochs * images_per_epoch,
            "training",
            initial=len(self.history) * images_per_epoch,
            is_shown=not self.quiet,
            has_lines=False,
            is_kept=True,
        )

    def _make_checkpoint(self) -> DetectorCheckpoint:
        return Checkpoint(
            self.config,
            self.data_fingerprint,
            self.history,
            self.model.state_dict(),
            self.ema.module.state_dict(),
            self.ema.num_updates,
            self.optimizer.state_dict(),
        )

    def _save(self) -> None:
        # The CSV is written first: a script may read the number of epochs of a killed training from it and resume with
        # more. The decay may then start after the checkpoint's last epoch, but not before it.
        write_history_csv(self.history, self.run / HISTORY_CSV)
        self._make_checkpoint().write(self.run / CHECKPOINT_FILE)
        plot_history(self.history, HISTORY_PANELS, self.run / HISTORY_PNG)
        self._last_save = time.monotonic()


def _compute_fingerprint(samples: Sequence[DetectionSample]) -> str:
    digest = hashlib.sha256()
    for sample in samples:
        for content in (sample.image, sample.faces, sample.landmarks, sample.get_uncertain_regions()):
            digest.update(content if isinstance(content, bytes) else content.tobytes())
    return digest.hexdigest()

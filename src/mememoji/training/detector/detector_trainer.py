"""Fitting a detector: a recipe and images in, a run folder with history and checkpoints out."""

import hashlib
import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from tqdm import tqdm

from mememoji.datasets.detection_images import Photograph
from mememoji.errors import DatasetError, RunError
from mememoji.model_files import sha256_of
from mememoji.training.common.checkpoint import FILE
from mememoji.training.common.device import Device
from mememoji.training.common.metrics_log import write_history
from mememoji.training.common.optimizer import MovingAverage, make_optimizer
from mememoji.training.detector.detection_dataset import Batch, SceneMaker
from mememoji.training.detector.detector_checkpoint import PLATEAU, DetectorCheckpoint, read_checkpoint
from mememoji.training.detector.detector_config import DetectorRecipe
from mememoji.training.detector.detector_losses import losses_of
from mememoji.training.detector.detector_metrics_log import DetectorEpoch, draw_history
from mememoji.training.detector.detector_network import DetectorNetwork
from mememoji.training.detector.fused_initialization import start_from
from mememoji.training.detector.training_samples import Plate
from mememoji.training.detector.validator import Judge

_SAVED_EVERY: Final = 30.0
"""Seconds that may be lost: on a GPU an epoch takes hardly longer than writing a checkpoint and drawing its curves."""


class DetectorFitting:
    """A detector's training under way.

    Args:
        recipe: what to do.
        train: the images to learn from; those that are held out are left out here.
        val: the images that the history's figures come from; they choose nothing.
        run: the folder for history, curves and checkpoints; made where missing.
        device: where to compute.
        workers: processes that make scenes; 0 is a thread of this one.
        judge_every: epochs from one look at val to the next, which takes the CPU as long as some epochs take a
            GPU. The last epoch is judged in any case.
        start: a weights file to start from in place of chance; the recipe then holds its hash.
        quiet: no progress bar.

    Raises:
        DatasetError: there are no images, or one cannot be read.
        ModelError: `start` is no weights file, or holds another network.
    """

    def __init__(
        self,
        recipe: DetectorRecipe,
        train: Sequence[Photograph],
        val: Sequence[Photograph],
        run: Path,
        device: Device,
        *,
        workers: int = 0,
        judge_every: int = 1,
        start: Path | None = None,
        quiet: bool = False,
    ) -> None:
        learned = [photograph for photograph in train if not photograph.is_held_out]
        if not learned or not val:
            raise DatasetError(f"a training needs images, got {len(learned)} for train and {len(val)} for val")
        self.recipe, self.run, self.device, self.quiet = recipe, run, device, quiet
        self.judge_every = judge_every
        self.fingerprint = _fingerprint(learned)
        torch.manual_seed(recipe.seed)
        network = DetectorNetwork(recipe.shape)
        with ThreadPoolExecutor() as pool:
            plates = list(pool.map(Plate.of, learned))
        self.scenes = SceneMaker(plates, recipe, workers=workers, pinned=device.where.type == "cuda")
        if start is not None:
            start_from(start, network, self.scenes[0, 0].pictures)
            self.recipe = recipe.with_changes(start=sha256_of(start))
        self.network = network.to(device.where, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = MovingAverage(self.network, recipe.average)
        self.optimizer = make_optimizer(self.network, recipe)
        self.history: list[DetectorEpoch] = []
        self.judge = Judge(val, device)
        self._saved = -math.inf
        run.mkdir(parents=True, exist_ok=True)

    def resume(self) -> None:
        """Go on from the run's checkpoint, or from the one before the rate fell if only the length is another.

        Raises:
            RunError: no checkpoint, another recipe, or other data.
        """
        saved = read_checkpoint(self.run, self.device.where)
        if not self.recipe.start:  # what a training started from is needed at its start alone
            self.recipe = self.recipe.with_changes(start=saved.recipe.start)
        if not self.recipe.agrees_until(len(saved.history), saved.recipe) and (self.run / PLATEAU).is_file():
            saved = read_checkpoint(self.run, self.device.where, PLATEAU)
        if not self.recipe.agrees_until(len(saved.history), saved.recipe):
            raise RunError(f"{self.run} was begun with another recipe: {saved.recipe}; asked for: {self.recipe}")
        if saved.data != self.fingerprint:
            raise RunError(f"{self.run} was begun with other images; take the same, or start anew elsewhere")
        self.network.load_state_dict(saved.network)
        self.average.network.load_state_dict(saved.average)
        self.average.steps = saved.average_steps
        self.optimizer.load_state_dict(saved.optimizer)
        self.history = list(saved.history)

    def fit(self) -> nn.Module:
        """Train to the end.

        Returns:
            The moving average of the network, in evaluation mode.

        Raises:
            RunError: the loss is no longer a number, or a process that makes scenes has died.
        """
        scenes = self.scenes.steps * self.recipe.batch
        begin, end = len(self.history), self.recipe.epochs
        with (
            closing(self.scenes.batches(begin, end)) as batches,
            tqdm(
                total=end * scenes,
                initial=begin * scenes,
                unit=" scenes",
                unit_scale=True,
                mininterval=1.0,
                disable=self.quiet,
            ) as bar,
        ):
            for epoch in range(begin, end):
                if epoch == end - self.recipe.fall and epoch > 0:
                    self._checkpoint().write(self.run, PLATEAU)
                bar.set_description(f"epoch {epoch + 1}/{end}")
                self.history.append(self._epoch(epoch, islice(batches, self.scenes.steps), bar))
                if epoch + 1 == end or time.monotonic() - self._saved > _SAVED_EVERY:
                    self._save()
        return self.average.network.eval()

    def _epoch(self, number: int, batches: Iterable[Batch], bar: "tqdm[Any]") -> DetectorEpoch:
        start, seen, steps = time.perf_counter(), 0, self.scenes.steps
        # Sums stay on the device: reading one back each step would make the CPU wait for the GPU.
        sums = torch.zeros(4, device=self.device.where)
        self.network.train()
        for step, batch in enumerate(batches):
            rate = self.recipe.rate_at(number + (step + 0.5) / steps)
            sums += self._step(batch.to(self.device.where), rate)
            seen += len(batch.pictures)
            bar.update(len(batch.pictures))
            if step % 20 == 19:
                bar.set_postfix(loss=f"{float(sums[0]) / (step + 1):.3f}")
        if not torch.isfinite(sums).all():
            raise RunError(f"the loss is no longer a number after epoch {number + 1}; a lower rate helps")
        seconds = time.perf_counter() - start
        is_judged = (number + 1) % self.judge_every == 0 or number + 1 == self.recipe.epochs
        found = self.judge(self.average.network) if is_judged else None
        loss, faces, boxes, landmarks = (value / steps for value in sums.tolist())
        return DetectorEpoch(
            epoch=number + 1,
            rate=rate,
            loss=loss,
            face_loss=faces,
            box_loss=boxes,
            landmark_loss=landmarks,
            val_ap=found.average_precision if found else None,
            val_recall=found.at_precision(0.98)[0] if found else None,
            pictures_per_second=seen / seconds,
            seconds=seconds,
        )

    def _step(self, batch: Batch, rate: float) -> Tensor:
        with self.device.precision():
            answers = self.network(batch.pictures.float())
        losses = losses_of(answers, batch, self.recipe)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.average.update(self.network)
        return torch.stack([losses.total, losses.faces, losses.boxes, losses.landmarks]).detach()

    def _checkpoint(self) -> DetectorCheckpoint:
        return DetectorCheckpoint(
            self.recipe,
            self.fingerprint,
            self.history,
            self.network.state_dict(),
            self.average.network.state_dict(),
            self.average.steps,
            self.optimizer.state_dict(),
        )

    def _save(self) -> None:
        # The CSV first, for whoever reads from it how long a killed training was and resumes with so many epochs more:
        # the rate may then begin to fall after the checkpoint's last epoch, but not before it.
        write_history(self.history, self.run / "history.csv")
        self._checkpoint().write(self.run, FILE)
        draw_history(self.history, self.run / "history.png")
        self._saved = time.monotonic()


def _fingerprint(photographs: Sequence[Photograph]) -> str:
    digest = hashlib.sha256()
    for photograph in photographs:
        for part in (photograph.image, photograph.faces, photograph.landmarks, photograph.unsure()):
            digest.update(part if isinstance(part, bytes) else part.tobytes())
    return digest.hexdigest()

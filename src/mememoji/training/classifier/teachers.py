"""The teachers: varied networks that a small one learns from, and what they say of a batch."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import torch
from torch import Tensor

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import HEADS
from mememoji.classification.preprocess import normalize
from mememoji.errors import ModelError
from mememoji.model_files import card_path, load_network
from mememoji.training.classifier.classifier_config import Augmentation, Recipe
from mememoji.training.classifier.networks import CompactShape, VggShape, build
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.checkpoint import read_checkpoint
from mememoji.training.common.device import Device

_MILD: Final = Augmentation(rotation=10.0, scale=0.15, erasing=0.2)
_STRONG: Final = Augmentation(rotation=15.0, scale=0.2, light=0.3, erasing=0.3)
_MIXED: Final = dataclasses.replace(_MILD, mixup=0.2)

_BASE: Final = Recipe(
    CompactShape(), epochs=120, batch=128, rate=0.1, smoothing=0.1, softened=0.8, average=0.999, augmentation=_STRONG
)


def _teacher(shape: CompactShape | VggShape, seed: int, augmentation: Augmentation = _STRONG) -> Recipe:
    return dataclasses.replace(_BASE, shape=shape, seed=seed, augmentation=augmentation)


# Errors average out where networks make different ones: so they differ in kind, depth, width, stem, changes to the
# images and seed, rather than in seed alone.
TEACHERS: Final[dict[str, Recipe]] = {
    "teacher-se": _teacher(CompactShape(stem=32, widths=(64, 128, 256), blocks=(2, 2, 2), dropout=0.3), 11),
    "teacher-se-deep": _teacher(CompactShape(stem=32, widths=(56, 112, 224), blocks=(3, 5, 3), dropout=0.3), 12),
    "teacher-se-wide": _teacher(
        CompactShape(stem=40, widths=(80, 160, 320), blocks=(2, 2, 2), dropout=0.4), 13, _MIXED
    ),
    "teacher-stem": _teacher(
        CompactShape(stem=48, stem_kernel=7, widths=(64, 144, 288), blocks=(2, 2, 2), dropout=0.3), 14, _MILD
    ),
    "teacher-resnet": _teacher(
        CompactShape(stem=64, widths=(64, 128, 256), blocks=(2, 2, 2), gated=False, dropout=0.3), 15
    ),
    "teacher-resnet-wide": _teacher(
        CompactShape(stem=32, widths=(96, 192, 384), blocks=(2, 2, 1), gated=False, dropout=0.4), 16, _MIXED
    ),
    "teacher-vgg": _teacher(VggShape(((48, 48), (96, 96), (192, 192, 192), (384, 384))), 17),
    "teacher-vgg-deep": _teacher(
        VggShape(((32, 32, 32), (64, 64, 64), (128, 128, 128, 128), (256, 256, 256, 256))), 18, _MIXED
    ),
}
"""Presets of 2.7 to 4.4 M parameters, 120 epochs each: minutes on a data-center GPU, a day or more on a CPU."""


class Teacher(Protocol):
    """Gives logits for changed images."""

    def __call__(self, pictures: Tensor) -> dict[str, Tensor]:
        """(N, 1, 48, 48) float32 gray levels in 0..255 to (N, C) float32 logits by head, on the images' device."""
        ...


class RunTeacher:
    """A trained run's best weights, computed by torch on the training's own device.

    Raises:
        RunError: the folder holds no checkpoint.
    """

    def __init__(self, run: Path, device: Device) -> None:
        saved = read_checkpoint(run, device.where)
        network = build(saved.recipe.shape)
        network.load_state_dict(saved.best)
        self._network = network.to(device.where).to(memory_format=device.memory).eval().requires_grad_(False)
        self._device = device

    def __call__(self, pictures: Tensor) -> dict[str, Tensor]:
        inputs = as_input(pictures).contiguous(memory_format=self._device.memory)
        with torch.no_grad(), self._device.precision():
            return {head: logits.float() for head, logits in self._network(inputs).items()}


class FileTeacher:
    """A weights file, computed by ONNX Runtime on the CPU.

    Raises:
        ModelError: the file does not fit its card, or its classes stand in another order than the training's.
    """

    def __init__(self, weights: Path) -> None:
        self._card = ModelCard.read(card_path(weights))
        self._card.verify(weights)
        if any(classes != HEADS.get(head) for head, classes in self._card.outputs.items()):
            raise ModelError(f"{weights}: a teacher's classes stand in the training's order, got {self._card.outputs}")
        self._session = load_network(weights, str(weights), None)

    def __call__(self, pictures: Tensor) -> dict[str, Tensor]:
        heads = list(self._card.outputs)
        inputs = normalize(pictures, mean=self._card.mean, std=self._card.std).cpu().numpy()
        rows = self._session.run(heads, {self._card.input_name: inputs})
        return {head: torch.from_numpy(logits).to(pictures.device) for head, logits in zip(heads, rows, strict=True)}


def open_teachers(paths: Sequence[Path], device: Device) -> list[Teacher]:
    """Runs' folders and weights files as teachers.

    Raises:
        RunError: a folder without a checkpoint.
        ModelError: a file that is no weights.
    """
    return [RunTeacher(path, device) if path.is_dir() else FileTeacher(path) for path in paths]


def soft_targets(teachers: Sequence[Teacher], pictures: Tensor, temperature: float) -> dict[str, Tensor]:
    """What the teachers say on average of the very images that the student gets.

    Args:
        teachers: one or more.
        images: (N, 1, 48, 48) float32 in 0..255, changed already: a teacher that sees what the student sees is more
            of use than one that remembers the image as it was (Beyer et al. 2022, "Knowledge distillation: a good
            teacher is patient and consistent").
        temperature: divides logits before softmax, so that small probabilities count.

    Returns:
        (N, C) float32 distributions by head, for every head that some teacher has.
    """
    answers = [teacher(pictures) for teacher in teachers]
    heads = {head for answer in answers for head in answer}
    return {
        head: torch.stack([torch.softmax(a[head] / temperature, 1) for a in answers if head in a]).mean(dim=0)
        for head in sorted(heads)
    }

"""Teachers: trained networks from which a student is distilled, and their soft targets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from mememoji.classification.face_classifier import HEADS
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.errors import ModelError
from mememoji.model_files import card_path, load_session
from mememoji.training.classifier.classifier_run import read_classifier_checkpoint
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.device import Device


class Teacher(Protocol):
    """A function from augmented images to logits."""

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Classify (N, 1, 48, 48) float32 gray levels in 0..255: (N, C) float32 logits by head, on the same device."""
        ...


class RunTeacher:
    """The best weights of a training run, run by torch on the training's device.

    Args:
        run: The run's folder.
        device: The training's device.

    Raises:
        RunError: The folder has no checkpoint.
    """

    def __init__(self, run: Path, device: Device) -> None:
        checkpoint = read_classifier_checkpoint(run, device.torch_device)
        model = build_model(checkpoint.config.model)
        model.load_state_dict(checkpoint.best)
        self._model = model.to(device.torch_device).to(memory_format=device.memory_format).eval().requires_grad_(False)
        self._device = device

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        inputs = to_input(images).contiguous(memory_format=self._device.memory_format)
        with torch.no_grad(), self._device.autocast():
            return {head: logits.float() for head, logits in self._model(inputs).items()}


class OnnxTeacher:
    """A weights file, run by ONNX Runtime on the CPU.

    Args:
        weights: An ONNX file with its card beside it.

    Raises:
        ModelError: The file does not match its card, or its classes are in another order than the training's.
    """

    def __init__(self, weights: Path) -> None:
        self._card = ModelCard.read(card_path(weights))
        self._card.verify(weights)
        if any(classes != HEADS.get(head) for head, classes in self._card.outputs.items()):
            raise ModelError(
                f"{weights}: the classes of a teacher must be in the training's order, got {self._card.outputs}"
            )
        self._session = load_session(weights, str(weights), None)

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        heads = list(self._card.outputs)
        inputs = normalize(images, mean=self._card.mean, std=self._card.std).cpu().numpy()
        outputs = self._session.run(heads, {self._card.input_name: inputs})
        return {head: torch.from_numpy(logits).to(images.device) for head, logits in zip(heads, outputs, strict=True)}


def load_teachers(paths: Sequence[Path], device: Device) -> list[Teacher]:
    """Load teachers from run folders and weights files.

    Raises:
        RunError: A folder has no checkpoint.
        ModelError: A file is not a weights file with its card.
    """
    return [RunTeacher(path, device) if path.is_dir() else OnnxTeacher(path) for path in paths]


def compute_soft_targets(teachers: Sequence[Teacher], images: Tensor, temperature: float) -> dict[str, Tensor]:
    """Return the mean of the teachers' probabilities for the images that the student gets.

    Args:
        teachers: The teachers, at least one.
        images: (N, 1, 48, 48) float32 in 0..255, already augmented: teachers that see the student's input help more
            than outputs for the original image (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient
            and consistent").
        temperature: Divides the logits before softmax, so that small probabilities count.

    Returns:
        (N, C) float32 distributions by head, for every head that at least one teacher has.
    """
    outputs = [teacher(images) for teacher in teachers]
    heads = {head for output in outputs for head in output}
    return {
        head: torch.stack([torch.softmax(o[head] / temperature, 1) for o in outputs if head in o]).mean(dim=0)
        for head in sorted(heads)
    }

"""One step of a training: images changed, the loss of what the network says of them, its gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.classification.preprocess import SIDE
from mememoji.training.classifier.augmentation import augment, mixed
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.corruption import worn
from mememoji.training.classifier.sam import Climb
from mememoji.training.classifier.teachers import Teacher, soft_targets
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.device import Device


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from.

    Attributes:
        images: (B, S, S) uint8; S is 48, or more where there is context around what the network sees.
        mirrored: (B,) bool, which of them to mirror.
        labels: (B,) int64.
        targets: by head, (B, C) float32 distributions times their weight in the loss.
        teaching: (B,) float32, the weight of what teachers say of each image.
        taught: by head, what teachers said of these very images; empty where they were not asked ahead.
    """

    pictures: Tensor
    mirrored: Tensor
    labels: Tensor
    targets: dict[str, Tensor]
    teaching: Tensor
    taught: dict[str, Tensor]

    def tensors(self) -> list[Tensor]:
        """All of them, in one order."""
        heads = [*self.targets.values(), *self.taught.values()]
        return [self.pictures, self.mirrored, self.labels, self.teaching, *heads]

    def clone(self) -> "Batch":
        """A copy in memory of its own."""
        targets, taught = ({head: v.clone() for head, v in part.items()} for part in (self.targets, self.taught))
        pictures, mirrored, labels, teaching = (
            tensor.clone() for tensor in (self.pictures, self.mirrored, self.labels, self.teaching)
        )
        return Batch(pictures, mirrored, labels, targets, teaching, taught)


@dataclass(frozen=True, slots=True)
class Step:
    """From a batch to gradients in the network's parameters.

    Attributes:
        forward: the network in training mode: (B, 1, 48, 48) float32 to logits by head.
        recipe: how images are changed, and how losses are weighed.
        device: where to compute, and in which numbers.
        chance: where changes of images are drawn from; of the device.
        teachers: asked about the changed images, where a batch does not say already what they said.
        climb: takes the gradients from nearby, where the loss is worse; None takes them from where the weights are.
    """

    forward: Callable[[Tensor], dict[str, Tensor]]
    recipe: Recipe
    device: Device
    chance: torch.Generator
    teachers: Sequence[Teacher] = ()
    climb: Climb | None = None

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Compute gradients, added to what the parameters hold.

        Returns:
            The loss and the number of right labels, both of no dimension and detached.
        """
        material = self._material(batch)
        loss, hits = self._descended(batch.labels, *material)
        if self.climb is not None:
            with self.climb.uphill():
                self._descended(batch.labels, *material)
        return loss, hits

    def _descended(
        self, labels: Tensor, pictures: Tensor, targets: dict[str, Tensor], taught: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        with self.device.precision():
            logits = self.forward(as_input(pictures).contiguous(memory_format=self.device.memory))
            loss = loss_of(logits, targets, votes=self.recipe.votes)
            if taught:
                loss = loss + taught_loss(logits, taught, self.recipe)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), (logits["labels"].argmax(dim=1) == labels).sum()

    def _material(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        settings = self.recipe.augmentation
        pictures = batch.pictures[:, None].float()
        if batch.taught:
            # Teachers saw them changed already: a mirror image is all that their answers still hold for.
            pictures = torch.where(batch.mirrored[:, None, None, None], pictures.flip(3), pictures)
        else:
            pictures = augment(pictures, batch.mirrored, settings, self.chance, size=SIDE)
        targets = dict(batch.targets)
        teaching = batch.teaching
        taught = {head: rows * teaching[:, None] for head, rows in batch.taught.items()}
        if settings.mixup > 0:
            parts = [*targets.values(), *taught.values(), teaching[:, None]]
            pictures, (*mixtures, shares) = mixed(pictures, parts, settings.mixup, self.chance)
            targets = dict(zip(targets, mixtures[: len(targets)], strict=True))
            taught = dict(zip(taught, mixtures[len(targets) :], strict=True))
            teaching = shares[:, 0]
        if self.teachers and not taught:
            answers = soft_targets(self.teachers, pictures, self.recipe.temperature)
            taught = {head: rows * teaching[:, None] for head, rows in answers.items()}
        if settings.wear > 0:
            # After the teachers: what they say of a good image is to be learned for a bad one.
            pictures = worn(pictures, settings.wear, self.chance)
        return pictures, targets, taught


def loss_of(logits: dict[str, Tensor], targets: dict[str, Tensor], *, votes: float) -> Tensor:
    """Return the cross-entropy of the heads that have targets, distributions times weights; `votes` weighs one head."""
    weights = {"labels": 1.0, "votes": votes}
    heads = [head for head in logits if head in targets]
    losses = [weights[head] * functional.cross_entropy(logits[head].float(), targets[head]) for head in heads]
    return torch.stack(losses).sum()


def taught_loss(logits: dict[str, Tensor], taught: dict[str, Tensor], recipe: Recipe) -> Tensor:
    """Cross-entropy of each head against the teachers' distributions, both softened by the recipe's temperature.

    The temperature's square keeps its gradients as large as those of the plain loss (Hinton, Vinyals and Dean 2015).
    """
    softened = {head: values / recipe.temperature for head, values in logits.items()}
    return loss_of(softened, taught, votes=recipe.votes) * recipe.temperature**2

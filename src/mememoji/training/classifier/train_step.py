"""Training step: a batch is augmented and run through the network, and its loss backpropagated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.training.classifier.augmentation import augment, mixup
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.corruption import corrupt
from mememoji.training.classifier.teachers import Teacher, compute_soft_targets
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.device import Device
from mememoji.training.common.optimizer import SAM


@dataclass(frozen=True, slots=True)
class Batch:
    """Images of a step with their targets.

    Attributes:
        images: (B, S, S) uint8; S is 48, or more if there is context around the crop.
        hflip_mask: (B,) bool, the images to mirror.
        labels: (B,) int64.
        targets: By head, (B, C) float32 distributions times their weight in the loss.
        distillation_weights: (B,) float32, the weight of the teachers' output for each image.
        teacher_probs: By head, the teachers' cached distributions for these images; empty if they are not cached.
    """

    images: Tensor
    hflip_mask: Tensor
    labels: Tensor
    targets: dict[str, Tensor]
    distillation_weights: Tensor
    teacher_probs: dict[str, Tensor]

    def tensors(self) -> list[Tensor]:
        """Return all tensors in a fixed order."""
        by_head = [*self.targets.values(), *self.teacher_probs.values()]
        return [self.images, self.hflip_mask, self.labels, self.distillation_weights, *by_head]

    def clone(self) -> "Batch":
        """Return a copy with its own memory."""
        return Batch(
            self.images.clone(),
            self.hflip_mask.clone(),
            self.labels.clone(),
            {head: values.clone() for head, values in self.targets.items()},
            self.distillation_weights.clone(),
            {head: values.clone() for head, values in self.teacher_probs.items()},
        )


@dataclass(frozen=True, slots=True)
class TrainStep:
    """Step that computes the gradients of a batch; the caller then runs the optimizer.

    Attributes:
        forward: The network in training mode: (B, 1, 48, 48) float32 to logits by head.
        config: Augmentation, and weights of the losses.
        device: Device and precision.
        generator: The source of randomness of the augmentation, on the device.
        teachers: Teachers that are run on the augmented images, unless the batch has cached teacher outputs.
        sam: Sharpness-aware minimization; None takes the gradients at the current weights.
    """

    forward: Callable[[Tensor], dict[str, Tensor]]
    config: ClassifierTrainConfig
    device: Device
    generator: torch.Generator
    teachers: Sequence[Teacher] = ()
    sam: SAM | None = None

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Add the batch's gradients to those of the parameters.

        Returns:
            The loss and the number of correct labels, both scalar and detached.
        """
        images, targets, teacher_probs = self._prepare_batch(batch)
        loss, num_correct = self._forward_backward(batch.labels, images, targets, teacher_probs)
        if self.sam is not None:
            with self.sam.ascend():
                self._forward_backward(batch.labels, images, targets, teacher_probs)
        return loss, num_correct

    def _prepare_batch(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """Augment the images and weigh the teachers' outputs: images (B, 1, 48, 48), targets and teacher_probs."""
        augmentation = self.config.augmentation
        images = batch.images[:, None].float()
        if batch.teacher_probs:
            # Cached views are augmented already; mirroring is the one change for which the outputs still hold.
            images = torch.where(batch.hflip_mask[:, None, None, None], images.flip(3), images)
        else:
            images = augment(images, batch.hflip_mask, augmentation, self.generator, size=CROP_SIZE)
        targets, weights = dict(batch.targets), batch.distillation_weights
        teacher_probs = {head: probs * weights[:, None] for head, probs in batch.teacher_probs.items()}
        if augmentation.mixup_alpha > 0:
            values = [*targets.values(), *teacher_probs.values(), weights[:, None]]
            images, (*mixed, mixed_weights) = mixup(images, values, augmentation.mixup_alpha, self.generator)
            targets = dict(zip(targets, mixed[: len(targets)], strict=True))
            teacher_probs = dict(zip(teacher_probs, mixed[len(targets) :], strict=True))
            weights = mixed_weights[:, 0]
        if self.teachers and not teacher_probs:
            probs_by_head = compute_soft_targets(self.teachers, images, self.config.distillation_temperature)
            teacher_probs = {head: probs * weights[:, None] for head, probs in probs_by_head.items()}
        if augmentation.corruption_prob > 0:
            # After the teachers have run: the student learns their output for the clean image from the corrupted one.
            images = corrupt(images, augmentation.corruption_prob, self.generator)
        return images, targets, teacher_probs

    def _forward_backward(
        self, labels: Tensor, images: Tensor, targets: dict[str, Tensor], teacher_probs: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        with self.device.autocast():
            logits = self.forward(to_input(images).contiguous(memory_format=self.device.memory_format))
            loss = classification_loss(logits, targets, votes_weight=self.config.votes_weight)
            if teacher_probs:
                loss = loss + distillation_loss(logits, teacher_probs, self.config)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), (logits["labels"].argmax(dim=1) == labels).sum()


def classification_loss(logits: dict[str, Tensor], targets: dict[str, Tensor], *, votes_weight: float) -> Tensor:
    """Return the cross-entropy, summed over the heads that have targets.

    Args:
        logits: By head, (B, C).
        targets: By head, (B, C) distributions times the weight of each image.
        votes_weight: Weight of the votes head's loss; the labels head's is 1.
    """
    weights = {"labels": 1.0, "votes": votes_weight}
    heads = [head for head in logits if head in targets]
    losses = [weights[head] * functional.cross_entropy(logits[head].float(), targets[head]) for head in heads]
    return torch.stack(losses).sum()


def distillation_loss(
    logits: dict[str, Tensor], teacher_probs: dict[str, Tensor], config: ClassifierTrainConfig
) -> Tensor:
    """Return the cross-entropy of each head against the teachers' distributions at the distillation temperature.

    The square of the temperature keeps its gradients as large as those of the plain loss (Hinton, Vinyals and Dean
    2015).
    """
    temperature = config.distillation_temperature
    scaled = {head: values / temperature for head, values in logits.items()}
    return classification_loss(scaled, teacher_probs, votes_weight=config.votes_weight) * temperature**2

"""Configuration of a detector training: model, optimizer, losses, augmentation, seed; and the presets."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from mememoji.training.detector.detector_network import DetectorModelConfig


@dataclass(frozen=True, slots=True)
class DetectorAugmentationConfig:
    """Strength of the augmentation of training images.

    Attributes:
        mosaic_prob: Probability that a training image is a mosaic of four images.
        min_scale: Smallest factor by which images are resized.
        max_scale: Largest factor by which images are resized.
        hflip_prob: Probability of a mirrored image.
        rotation: Largest rotation to either side, in degrees; half of the images are rotated.
        color_jitter: Strength of the changes of contrast, brightness and color; 0 disables them.
        grayscale_prob: Probability of a gray image.
        low_light_prob: Probability of an underexposed image.
        gradient_light_prob: Probability of light from one side.
        blur_prob: Probability of defocus or motion blur.
        jpeg_prob: Probability of JPEG artifacts.
        noise_prob: Probability of sensor noise.
        occlusion_prob: Probability that a hand, a bar, masks or dark glasses occlude parts of faces.

    Raises:
        ValueError: A value is out of range.
    """

    mosaic_prob: float = 0.5
    min_scale: float = 0.3
    max_scale: float = 2.0
    hflip_prob: float = 0.5
    rotation: float = 60.0
    color_jitter: float = 1.0
    grayscale_prob: float = 0.15
    low_light_prob: float = 0.12
    gradient_light_prob: float = 0.12
    blur_prob: float = 0.12
    jpeg_prob: float = 0.2
    noise_prob: float = 0.08
    occlusion_prob: float = 0.3

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if name.endswith("_prob") and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must be in 0..1, got {value}")
        if not 0.0 < self.min_scale <= self.max_scale:
            raise ValueError(
                f"min_scale must be positive and at most max_scale, got {self.min_scale} and {self.max_scale}"
            )
        if not 0.0 <= self.rotation <= 180.0:
            raise ValueError(f"rotation must be in 0..180, got {self.rotation}")
        if not 0.0 <= self.color_jitter <= 2.0:
            raise ValueError(f"color_jitter must be in 0..2, got {self.color_jitter}")


@dataclass(frozen=True, slots=True)
class DetectorTrainConfig:
    """Configuration of a detector training.

    The learning rate rises for `warmup_epochs`, stays at its peak, and decays to 0 along half a cosine in the last
    `lr_decay_epochs`. Before the decay a training does not depend on the number of epochs, so it can be resumed with
    another number.

    Attributes:
        model: Architecture of the network.
        epochs: Number of passes through the images.
        lr_decay_epochs: Number of epochs at the end in which the learning rate decays.
        image_sizes: Widths and heights of training images, multiples of 32; each step draws one of them.
        batch_size: Images per step.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adamw".
        lr: Peak learning rate.
        warmup_epochs: Epochs of linear warmup.
        weight_decay: Weight decay of convolution filters.
        ema_decay: Decay of the exponential moving average of the weights.
        box_loss_weight: Weight of the box loss; the face loss has 1.
        landmark_loss_weight: Weight of the landmark loss.
        augmentation: Augmentation of the images.
        seed: Seed of initial weights, sampling and augmentation.
        init_sha256: SHA-256 of the weights file that the training was initialized from; empty for random weights.

    Raises:
        ValueError: A value is out of range, or two values conflict.

    Example:
        >>> config = PRESETS["compact"].with_changes(epochs=30)
        >>> config.lr_decay_epochs
        10
        >>> config.lr_decay_start
        20.0
    """

    model: DetectorModelConfig = field(default_factory=DetectorModelConfig)
    epochs: int = 80
    lr_decay_epochs: int = 20
    image_sizes: tuple[int, ...] = (160, 192, 256, 320)
    batch_size: int = 16
    optimizer: Literal["sgd", "adamw"] = "adamw"
    lr: float = 3e-3
    warmup_epochs: float = 0.5
    weight_decay: float = 1e-2
    ema_decay: float = 0.998
    box_loss_weight: float = 2.0
    landmark_loss_weight: float = 4.0
    augmentation: DetectorAugmentationConfig = field(default_factory=DetectorAugmentationConfig)
    seed: int = 0
    init_sha256: str = ""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(f"epochs must be >= 1 and batch_size >= 2, got {self.epochs} and {self.batch_size}")
        if not self.image_sizes or any(size < 32 or size % 32 for size in self.image_sizes):
            raise ValueError(f"image_sizes must be multiples of 32, got {self.image_sizes}")
        if self.lr_decay_epochs < 0 or self.warmup_epochs < 0:
            raise ValueError(
                f"lr_decay_epochs and warmup_epochs must not be negative, got {self.lr_decay_epochs} and "
                f"{self.warmup_epochs}"
            )
        if self.warmup_epochs + self.lr_decay_epochs > self.epochs:
            raise ValueError(
                f"warmup_epochs and lr_decay_epochs must fit into {self.epochs} epochs, got {self.warmup_epochs} and "
                f"{self.lr_decay_epochs}"
            )
        if self.optimizer not in ("sgd", "adamw"):
            raise ValueError(f'optimizer must be "sgd" or "adamw", got {self.optimizer!r}')
        if self.lr <= 0:
            raise ValueError(f"lr must be positive, got {self.lr}")
        for name in ("weight_decay", "box_loss_weight", "landmark_loss_weight"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if not 0.0 < self.ema_decay < 1.0:
            raise ValueError(f"ema_decay must be between 0 and 1, got {self.ema_decay}")

    @property
    def lr_decay_start(self) -> float:
        """The epoch at which the learning rate starts to decay."""
        return float(self.epochs - self.lr_decay_epochs)

    def matches_until(self, epoch: int, other: "DetectorTrainConfig") -> bool:
        """Return whether trainings with both configs are the same for that number of epochs."""
        same_length = dataclasses.replace(other, epochs=self.epochs, lr_decay_epochs=self.lr_decay_epochs)
        decay_start = min(config.epochs - config.lr_decay_epochs for config in (self, other))
        return other == self or (same_length == self and epoch <= decay_start)

    def with_changes(self, **changes: Any) -> Self:
        """Return a copy with some fields changed; None keeps a field, and a shorter training has a shorter decay."""
        given = {name: value for name, value in changes.items() if value is not None}
        if "epochs" in given:
            given.setdefault("lr_decay_epochs", min(self.lr_decay_epochs, given["epochs"] // 3))
            given.setdefault("warmup_epochs", min(self.warmup_epochs, given["epochs"] / 2))
        return dataclasses.replace(self, **given)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for a checkpoint or JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Make a config from the output of `to_dict`, whose tuples may have become lists in JSON."""
        fields = dict(content)
        model: dict[str, Any] = dict(fields["model"])
        model |= {name: tuple(value) for name, value in model.items() if isinstance(value, list)}
        fields["model"] = DetectorModelConfig(**model)
        fields["augmentation"] = DetectorAugmentationConfig(**fields["augmentation"])
        fields["image_sizes"] = tuple(fields["image_sizes"])
        return cls(**fields)


PRESETS: Final[dict[str, DetectorTrainConfig]] = {
    "compact": DetectorTrainConfig(),
    # Estimated, not measured: launching a step of such a small network takes about as long as a GPU needs for 32
    # images, so larger batches would not process more images per second. The learning rate was tested with a batch
    # size of 16.
    "compact-gpu": DetectorTrainConfig(
        epochs=400, lr_decay_epochs=100, image_sizes=(192, 256, 320, 384), batch_size=32, ema_decay=0.999
    ),
    "debug": DetectorTrainConfig(
        DetectorModelConfig(8, (16, 24, 32, 32), (0, 1, 1, 1), 24),
        epochs=2,
        lr_decay_epochs=1,
        image_sizes=(128,),
        ema_decay=0.99,
    ),
}
"""Configurations by name. `debug` trains a tiny network for two epochs."""

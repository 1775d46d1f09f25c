"""Configuration of a classifier training: model, optimizer, targets, augmentation, seed."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from mememoji.training.classifier.networks import CompactConfig, ModelConfig, PlainConfig, VggConfig

_MODEL_CONFIGS: Final[dict[str, type[CompactConfig] | type[PlainConfig] | type[VggConfig]]] = {
    "compact": CompactConfig,
    "plain": PlainConfig,
    "vgg": VggConfig,
}


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Strength of the augmentation of training images.

    Attributes:
        hflip: Whether each image is mirrored every other epoch.
        shift: Largest shift, as a fraction of the image size.
        rotation: Largest rotation to either side, in degrees.
        scale: Largest change of size, as a fraction: 0.15 gives 0.85 to 1.15.
        brightness_contrast: Largest change of brightness and of contrast, as a fraction of the range.
        random_erasing_prob: Probability that a rectangle is erased (Zhong et al. 2020, "Random Erasing").
        mixup_alpha: Alpha of mixup's Beta distribution (Zhang et al. 2018); 0 disables mixup.
        corruption_prob: Probability of each corruption: occlusion, misalignment, lighting, downscaling, noise and
            JPEG. Teachers see the images before they are corrupted.

    Raises:
        ValueError: A value is out of range.
    """

    hflip: bool = True
    shift: float = 0.08
    rotation: float = 12.0
    scale: float = 0.15
    brightness_contrast: float = 0.25
    random_erasing_prob: float = 0.2
    mixup_alpha: float = 0.0
    corruption_prob: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "scale", "brightness_contrast", "random_erasing_prob", "corruption_prob"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        if not 0.0 <= self.rotation <= 180.0:
            raise ValueError(f"rotation must be in 0..180, got {self.rotation}")
        if self.mixup_alpha < 0.0:
            raise ValueError(f"mixup_alpha must not be negative, got {self.mixup_alpha}")


@dataclass(frozen=True, slots=True)
class ClassifierTrainConfig:
    """Configuration of a classifier training.

    Attributes:
        model: The network's architecture.
        epochs: Number of passes through train; the learning rate reaches 0 at the end of the last.
        batch_size: Images per step.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adamw".
        lr: Peak learning rate.
        warmup_epochs: Epochs of linear warmup; a cosine decay follows (Loshchilov and Hutter 2017).
        weight_decay: Weight decay of matrices and convolution filters.
        label_smoothing: Label smoothing (Szegedy et al. 2016).
        soft_label_weight: Fraction of a label's target that is replaced by the probabilities of the labels given the
            image's FER+ votes.
        soft_label_epochs: Fraction of the epochs, from the first, in which targets are such soft labels; the labels
            themselves end the training, because votes and labels disagree on what is fear.
        votes_weight: Weight of the votes head's loss; the labels head's is 1.
        distillation_weight: Weight of the loss against the teachers' outputs, if the training has teachers; targets
            have the remaining weight. Images of a face set have their own weight: one minus the trust in their label.
        distillation_temperature: Divides the teachers' and the student's logits in that loss (Hinton, Vinyals and Dean
            2015).
        num_cached_views: Number of augmented views of each image for which the teachers' outputs are cached; the
            epochs cycle through them. 0 runs the teachers on a new view in each epoch.
        rare_label_power: How strongly rare labels of a face set are oversampled: 0 samples labels as often as they
            occur, 1 all equally often.
        unlabeled_fraction: Fraction of the samples from a face set that have no label, if there are teachers.
        sam_rho: Radius of sharpness-aware minimization (Foret et al. 2021), which doubles the time; 0 disables it.
        ema_decay: Decay of the exponential moving average of the weights; 0 disables it.
        early_stopping_patience: Epochs without a better val accuracy after which the training stops; 0 disables it.
        augmentation: Augmentation of the images.
        seed: Seed of initial weights, sampling and augmentation.

    Raises:
        ValueError: A value is out of range, or two values conflict.

    Example:
        >>> config = ClassifierTrainConfig(CompactConfig(), epochs=16)
        >>> config.with_changes(epochs=2, lr=0.1).warmup_epochs
        0.5
    """

    model: ModelConfig
    epochs: int
    batch_size: int = 64
    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: float = 0.05
    warmup_epochs: float = 1.0
    weight_decay: float = 5e-4
    label_smoothing: float = 0.05
    soft_label_weight: float = 0.5
    soft_label_epochs: float = 0.5
    votes_weight: float = 1.0
    distillation_weight: float = 0.7
    distillation_temperature: float = 2.0
    num_cached_views: int = 0
    rare_label_power: float = 0.5
    unlabeled_fraction: float = 0.25
    sam_rho: float = 0.0
    ema_decay: float = 0.998
    early_stopping_patience: int = 0
    augmentation: AugmentationConfig = dataclasses.field(default_factory=AugmentationConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(f"epochs must be >= 1 and batch_size >= 2, got {self.epochs} and {self.batch_size}")
        if not 0.0 <= self.warmup_epochs < self.epochs:
            raise ValueError(f"warmup_epochs must be in [0, epochs), got {self.warmup_epochs} of {self.epochs}")
        if self.optimizer not in ("sgd", "adamw"):
            raise ValueError(f'optimizer must be "sgd" or "adamw", got {self.optimizer!r}')
        for name in ("lr", "distillation_temperature"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for name in ("weight_decay", "votes_weight", "early_stopping_patience", "num_cached_views", "sam_rho"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("label_smoothing", "ema_decay", "unlabeled_fraction"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        for name in ("distillation_weight", "rare_label_power", "soft_label_weight", "soft_label_epochs"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be in 0..1, got {getattr(self, name)}")

    def with_changes(self, **changes: Any) -> Self:
        """Return a copy with some fields changed; None keeps a field, and a shorter training a shorter warmup."""
        given = {name: value for name, value in changes.items() if value is not None}
        if "epochs" in given and "warmup_epochs" not in given:
            given["warmup_epochs"] = min(self.warmup_epochs, given["epochs"] / 4)
        return dataclasses.replace(self, **given)

    @property
    def lr_decay_start(self) -> float:
        """The epoch at which the learning rate starts to decay: the end of the warmup."""
        return self.warmup_epochs

    @property
    def architecture(self) -> str:
        """Kind of the network: "compact", "plain" or "vgg"."""
        return next(name for name, config in _MODEL_CONFIGS.items() if isinstance(self.model, config))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for a checkpoint or JSON."""
        return dataclasses.asdict(self) | {"architecture": self.architecture}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Make a config from what `to_dict` returned, also after JSON has turned its tuples into lists."""
        fields = dict(content)
        model_config = _MODEL_CONFIGS[fields.pop("architecture")]
        fields["model"] = model_config(**{name: _to_tuples(value) for name, value in fields["model"].items()})
        fields["augmentation"] = AugmentationConfig(**fields["augmentation"])
        return cls(**fields)


def _to_tuples(value: Any) -> Any:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list | tuple) else value

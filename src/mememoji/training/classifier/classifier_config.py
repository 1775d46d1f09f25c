"""The recipe: everything that a training is made of, and the presets."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from mememoji.training.classifier.networks import CompactShape, PlainShape, Shape, VggShape
from mememoji.training.classifier.networks.plain_network import BASELINE, MEMEMOJI9

_SHAPES: Final[dict[str, type[CompactShape] | type[PlainShape] | type[VggShape]]] = {
    "compact": CompactShape,
    "plain": PlainShape,
    "vgg": VggShape,
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a training image may be moved, turned and lit.

    Attributes:
        mirror: whether every other epoch shows an image mirrored.
        shift: largest shift, as a part of the side.
        rotation: largest turn to either side, in degrees.
        scale: largest change of size, as a part: 0.15 gives 0.85 to 1.15.
        light: largest change of brightness and of contrast, as a part of the range.
        erasing: the chance that a rectangle is painted over (Zhong et al. 2020, "Random Erasing").
        mixup: alpha of mixup's Beta distribution (Zhang et al. 2018); 0 is off.
        wear: the chance of a part covered, of a face askew, of bad light, of lost detail, of noise and of JPEG's
            traces, each; teachers see an image before that.
    """

    mirror: bool = True
    shift: float = 0.08
    rotation: float = 12.0
    scale: float = 0.15
    light: float = 0.25
    erasing: float = 0.2
    mixup: float = 0.0
    wear: float = 0.0

    def __post_init__(self) -> None:
        parts = (self.shift, self.scale, self.light, self.erasing, self.wear)
        if not all(0.0 <= part < 1.0 for part in parts):
            raise ValueError(f"shift, scale, light, erasing and wear lie in [0, 1), got {parts}")
        if not 0.0 <= self.rotation <= 180.0 or self.mixup < 0.0:
            raise ValueError(f"rotation lies in 0..180 and mixup is not negative, got {self.rotation}, {self.mixup}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training, whole: network, length, optimizer, targets, augmentation, seed.

    Attributes:
        shape: the network.
        epochs: how often train is gone through; the rate reaches 0 at the end of the last.
        batch: images a step.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adamw".
        rate: the learning rate's peak.
        warmup: epochs of linear rise to it; a cosine falls after that (Loshchilov and Hutter 2017).
        decay: weight decay, of matrices and filters only.
        smoothing: label smoothing (Szegedy et al. 2016).
        softening: the part of a label's target that is what its image's FER+ votes say of the label instead.
        softened: the part of the epochs, from the first, in which targets are softened; labels themselves end the
            training, because votes and labels disagree on what is fear.
        votes: weight of the votes head's loss beside the labels head's.
        teaching: the part of the loss that comes from teachers, where the training has some. Images of a face set
            have their own: what their label is not trusted.
        temperature: divides the teachers' and the student's logits in that part (Hinton, Vinyals and Dean 2015).
        lessons: how many versions of each image the teachers see; the epochs go through them in turn. 0: they see
            a new one each epoch.
        rare_power: how much oftener rare labels of a face set are drawn: 0 as they occur, 1 all equally often.
        unlabeled: fraction of the draws from a face set that are faces without a label, where there are teachers.
        sharpness: the radius in which sharpness-aware minimization looks for the worst loss (Foret et al. 2021), at
            twice the time; 0 is off.
        average: decay of the moving average of weights; 0 is off.
        patience: epochs without a better val accuracy before the training stops; 0 never stops early.
        augmentation: how images are changed.
        seed: of weights, order and augmentation.

    Raises:
        ValueError: a value is out of range, or two of them conflict.
    """

    shape: Shape
    epochs: int
    batch: int = 64
    optimizer: Literal["sgd", "adamw"] = "sgd"
    rate: float = 0.05
    warmup: float = 1.0
    decay: float = 5e-4
    smoothing: float = 0.05
    softening: float = 0.5
    softened: float = 0.5
    votes: float = 1.0
    teaching: float = 0.7
    temperature: float = 2.0
    lessons: int = 0
    rare_power: float = 0.5
    unlabeled: float = 0.25
    sharpness: float = 0.0
    average: float = 0.998
    patience: int = 0
    augmentation: Augmentation = dataclasses.field(default_factory=Augmentation)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2:
            raise ValueError(f"at least 1 epoch and 2 images a batch, got {self.epochs} and {self.batch}")
        if not 0.0 <= self.warmup < self.epochs:
            raise ValueError(f"warm-up lies in [0, epochs), got {self.warmup} of {self.epochs}")
        if self.optimizer not in ("sgd", "adamw"):
            raise ValueError(f'optimizer is "sgd" or "adamw", got {self.optimizer!r}')
        if self.rate <= 0 or min(self.decay, self.votes, self.patience, self.lessons, self.sharpness) < 0:
            raise ValueError("rate is positive; decay, votes, patience, lessons and sharpness are not negative")
        if not (0.0 <= self.smoothing < 1.0 and 0.0 <= self.average < 1.0):
            raise ValueError(f"smoothing and average lie in [0, 1), got {self.smoothing} and {self.average}")
        if not 0.0 <= self.teaching <= 1.0 or self.temperature <= 0:
            raise ValueError(
                f"teaching lies in [0, 1], temperature is positive, got {self.teaching}, {self.temperature}"
            )
        if not (0.0 <= self.rare_power <= 1.0 and 0.0 <= self.unlabeled < 1.0):
            raise ValueError(
                f"rare_power must be in 0..1 and unlabeled in [0, 1), got {self.rare_power} and {self.unlabeled}"
            )
        if not (0.0 <= self.softening <= 1.0 and 0.0 <= self.softened <= 1.0):
            raise ValueError(f"softening and softened lie in [0, 1], got {self.softening} and {self.softened}")

    def with_changes(self, **changes: Any) -> Self:
        """The same recipe with some fields changed; None leaves a field as it is."""
        given = {name: value for name, value in changes.items() if value is not None}
        if "epochs" in given and "warmup" not in given:
            given["warmup"] = min(self.warmup, given["epochs"] / 4)
        return dataclasses.replace(self, **given)

    @property
    def network(self) -> str:
        """The network's kind: "compact", "plain" or "vgg"."""
        return next(kind for kind, shape in _SHAPES.items() if isinstance(self.shape, shape))

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"network": self.network}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """From what `to_dict` gave, also after JSON turned its tuples into lists."""
        fields = dict(content)
        shape = _SHAPES[fields.pop("network")]
        fields["shape"] = shape(**{name: _tuples(value) for name, value in fields["shape"].items()})
        fields["augmentation"] = Augmentation(**fields["augmentation"])
        return cls(**fields)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


# Plain nets have no norms: SGD's rates that suit `compact` let them die, so they take AdamW. They fit slowly, so
# images are changed less.
_GENTLE: Final = Augmentation(rotation=8.0, scale=0.1, light=0.15, erasing=0.0)
_PLAIN: Final = Recipe(
    MEMEMOJI9, epochs=12, optimizer="adamw", rate=1e-3, warmup=0.3, decay=1e-2, average=0.995, augmentation=_GENTLE
)

# Sixteen epochs end before a net learns images by heart, so they are changed less than in long trainings.
_SHORT: Final = Augmentation(shift=0.06, rotation=10.0, scale=0.1, light=0.2, erasing=0.1)

# Nearly twice the parameters fit faster than they generalize, so images are changed more than usual.
_STRONG: Final = Augmentation(rotation=15.0, scale=0.2, erasing=0.3)
_WIDE: Final = CompactShape(widths=(40, 112, 248), dropout=0.2)
_LONG: Final = Recipe(
    _WIDE, epochs=200, batch=128, rate=0.1, smoothing=0.1, softened=0.8, average=0.999, augmentation=_STRONG
)

# At most 300 kB as int8, and fast: a stem of stride 2 avoids the memory traffic of maps of 48x48, and without
# squeeze-and-excitation there are no float32 gates. Such a small net underfits, so regularization is weak.
_NANO: Final = CompactShape(
    stem=24, widths=(48, 72), blocks=(2, 2), dropout=0.05, stem_kernel=5, gated=False, stem_stride=2
)

PRESETS: Final[dict[str, Recipe]] = {
    "baseline": dataclasses.replace(_PLAIN, shape=BASELINE),
    "mememoji9": _PLAIN,
    "compact": Recipe(CompactShape(), epochs=16, warmup=0.3, average=0.995, augmentation=_SHORT),
    "compact-long": Recipe(CompactShape(), epochs=40, warmup=0.3, softened=0.8),
    "compact-wide": Recipe(_WIDE, epochs=44, warmup=0.3, smoothing=0.1, softened=0.8, augmentation=_STRONG),
    "compact-gpu": _LONG,
    "compact-tuned": dataclasses.replace(_LONG, epochs=16, rate=0.01, softened=0.0, teaching=0.5, sharpness=0.1),
    "compact-sturdy": dataclasses.replace(
        _LONG,
        epochs=12,
        rate=0.005,
        softened=0.0,
        teaching=0.9,
        lessons=4,
        augmentation=Augmentation(wear=0.12),
    ),
    # For face sets of other origin beside FER2013, from the shipped weights and with them as a teacher. That teacher
    # calls many of their faces neutral, so it is neither softened nor asked about unlabeled ones; and few thousand
    # labeled faces are memorized in more epochs.
    "compact-mixed": dataclasses.replace(
        _LONG,
        epochs=2,
        rate=0.02,
        warmup=0.3,
        softened=0.0,
        temperature=1.0,
        unlabeled=0.0,
        average=0.998,
        augmentation=Augmentation(wear=0.06),
    ),
    "nano": Recipe(
        _NANO,
        epochs=100,
        batch=128,
        rate=0.1,
        decay=2e-4,
        softened=0.8,
        teaching=0.8,
        lessons=4,
        average=0.999,
        augmentation=Augmentation(shift=0.06, rotation=10.0, scale=0.12, light=0.2, erasing=0.1),
    ),
    "minute": Recipe(CompactShape(stem=8, widths=(16, 32, 64), blocks=(1, 1, 1)), epochs=2, batch=128, rate=0.1),
}
"""`minute` is for a first look: two epochs of a tiny net, about a minute of training on two CPU cores."""

"""The detector's recipe: everything that its training is made of, and the presets."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Final, Self

from mememoji.training.detector.detector_network import DetectorShape


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """How far a training image may be changed.

    Attributes:
        mosaic: the chance that an image is put together of four.
        least_scale, most_scale: by how much images shrink and grow.
        mirror: the chance of a mirror image.
        rotation: largest turn to either side, in degrees; every other image is turned.
        tone: how strongly contrast, brightness and colors change; 0 is not at all.
        gray, dark, side_light, blur, jpeg, noise: chances of gray levels only, of darkness, of light from one side,
            of a blur, of JPEG's blocks, and of a sensor's noise.
        covered: the chance that a hand, a bar, masks or dark glasses cover parts of faces.
    """

    mosaic: float = 0.5
    least_scale: float = 0.3
    most_scale: float = 2.0
    mirror: float = 0.5
    rotation: float = 60.0
    tone: float = 1.0
    gray: float = 0.15
    dark: float = 0.12
    side_light: float = 0.12
    blur: float = 0.12
    jpeg: float = 0.2
    noise: float = 0.08
    covered: float = 0.3

    def __post_init__(self) -> None:
        chances = dataclasses.asdict(self)
        for measure in ("least_scale", "most_scale", "rotation", "tone"):
            del chances[measure]
        if not all(0.0 <= chance <= 1.0 for chance in chances.values()):
            raise ValueError(f"chances lie in 0..1, got {chances}")
        if not 0.0 < self.least_scale <= self.most_scale:
            raise ValueError(f"scales are positive and in order, got {self.least_scale}, {self.most_scale}")
        if not 0.0 <= self.rotation <= 180.0 or not 0.0 <= self.tone <= 2.0:
            raise ValueError(f"rotation lies in 0..180 and tone in 0..2, got {self.rotation} and {self.tone}")


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """A detector's training, whole.

    The rate rises for `warmup` epochs, stays at its peak, and falls to 0 along half a cosine over the last `fall`
    epochs. As long as it has not begun to fall, a training does not depend on how long it is to be: it may be resumed
    with another number of epochs.

    Attributes:
        shape: the network.
        epochs: how often the images are gone through.
        fall: the epochs at the end in which the rate falls.
        sides: widths and heights of training images, multiples of 32; each step takes one of them, as chance has it.
        batch: images a step.
        optimizer: "sgd" or "adamw".
        rate: the learning rate's peak.
        warmup: epochs of linear rise to it.
        decay: weight decay, of filters only.
        average: decay of the moving average of weights.
        boxes: weight of the boxes' loss beside the faces'.
        landmarks: weight of the landmarks' loss beside the faces'.
        scenes: how images are changed.
        seed: of weights, order and scenes.
        start: SHA-256 of the weights file that the training started from; empty where it was chance.

    Raises:
        ValueError: a value is out of range, or two of them conflict.
    """

    shape: DetectorShape = field(default_factory=DetectorShape)
    epochs: int = 80
    fall: int = 20
    sides: tuple[int, ...] = (160, 192, 256, 320)
    batch: int = 16
    optimizer: str = "adamw"
    rate: float = 3e-3
    warmup: float = 0.5
    decay: float = 1e-2
    average: float = 0.998
    boxes: float = 2.0
    landmarks: float = 4.0
    scenes: SceneSettings = field(default_factory=SceneSettings)
    seed: int = 0
    start: str = ""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2:
            raise ValueError(f"at least one epoch and two images a step, got {self.epochs} and {self.batch}")
        if not self.sides or any(side < 32 or side % 32 for side in self.sides):
            raise ValueError(f"sides are multiples of 32, got {self.sides}")
        if self.fall < 0 or self.warmup < 0 or self.warmup + self.fall > self.epochs:
            raise ValueError(
                f"warm-up and fall fit into the epochs, got {self.warmup} and {self.fall} of {self.epochs}"
            )
        if self.optimizer not in ("sgd", "adamw"):
            raise ValueError(f'optimizer is "sgd" or "adamw", got {self.optimizer!r}')
        if self.rate <= 0 or min(self.decay, self.boxes, self.landmarks) < 0:
            raise ValueError("rate is positive; decay, boxes and landmarks are not negative")
        if not 0.0 < self.average < 1.0:
            raise ValueError(f"average lies between 0 and 1, got {self.average}")

    def rate_at(self, epoch: float) -> float:
        """The learning rate at a moment, in epochs from the start."""
        if epoch < self.warmup:
            return self.rate * epoch / self.warmup
        falling = epoch - (self.epochs - self.fall)
        if falling <= 0:
            return self.rate
        return self.rate * 0.5 * (1.0 + math.cos(math.pi * min(falling / self.fall, 1.0)))

    def agrees_until(self, epoch: int, other: "DetectorRecipe") -> bool:
        """Whether trainings of both recipes are the same for so many epochs: see above."""
        same_start = dataclasses.replace(other, epochs=self.epochs, fall=self.fall) == self
        return other == self or (same_start and epoch <= min(r.epochs - r.fall for r in (self, other)))

    def with_changes(self, **changes: Any) -> Self:
        """The same recipe with some fields changed; None leaves a field as it is."""
        given = {name: value for name, value in changes.items() if value is not None}
        if "epochs" in given:
            given.setdefault("fall", min(self.fall, given["epochs"] // 3))
            given.setdefault("warmup", min(self.warmup, given["epochs"] / 2))
        return dataclasses.replace(self, **given)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """From what `to_dict` gave, also after JSON turned its tuples into lists."""
        fields = dict(content)
        shape: dict[str, Any] = dict(fields["shape"])
        shape |= {name: tuple(value) for name, value in shape.items() if isinstance(value, list)}
        fields["shape"], fields["scenes"] = DetectorShape(**shape), SceneSettings(**fields["scenes"])
        fields["sides"] = tuple(fields["sides"])
        return cls(**fields)


PRESETS: Final[dict[str, DetectorRecipe]] = {
    "compact": DetectorRecipe(),
    # By estimate: with so small a network launching a step takes about as long as a GPU computes on 32 images; larger
    # batches would cost steps and give few scenes more. The rate is the one that was tried, with batches of 16.
    "compact-gpu": DetectorRecipe(epochs=400, fall=100, sides=(192, 256, 320, 384), batch=32, average=0.999),
    "minute": DetectorRecipe(
        DetectorShape(8, (16, 24, 32, 32), (0, 1, 1, 1), 24), epochs=2, fall=1, sides=(128,), average=0.99
    ),
}
"""`minute` is for a first look: two epochs of a tiny net."""

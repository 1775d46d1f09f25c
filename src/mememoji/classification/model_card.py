"""The model card: everything that is needed to use a weights file, and where it comes from."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from mememoji.errors import ModelError
from mememoji.weights_card import WeightsCard

PRECISIONS: Final = ("float32", "float16", "int8")
"""The precisions of stored weights. With int8, convolutions and matrix products are computed in 8 bits too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard(WeightsCard):
    """The inputs, outputs and origin of a weights file.

    The network takes crops (N, 1, input_size, input_size) as float32 under the name `input_name`: `(gray - mean) / std`
    with gray in 0..255. `outputs` maps each head to its classes in order; class order is defined nowhere else. Each
    head returns logits (N, classes), whose softmax gives the probabilities.

    Attributes:
        network: The name of the network in `mememoji.training.classifier.networks`.
        input_size: The width and height of a crop in pixels.
        mean, std: The gray level that is subtracted, and the divisor.
        outputs: The classes of each head.
        input_name: The name of the input tensor.
        temperatures: The calibration temperature by which the file's own graph divides the logits of each head.
        prob_floors: The probability that the graph then subtracts from each class of a head.
        precision: One of `PRECISIONS`.
        layers: The stages of the network from the input on: the name of each, and the tensor of its output.
        head_weights: The tensor of the weight matrix (classes, channels) of each head that is linear in the means of
            the last layer's feature maps.

    Raises:
        ModelError: A value is out of range, or a head has no classes.
    """

    FORMAT: ClassVar[int] = 2

    network: str
    input_size: int
    mean: float
    std: float
    outputs: dict[str, tuple[str, ...]]
    input_name: str = "crops"
    temperatures: dict[str, float] = field(default_factory=dict)
    prob_floors: dict[str, float] = field(default_factory=dict)
    precision: str = "float32"
    layers: dict[str, str] = field(default_factory=dict)
    head_weights: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.input_size < 1 or self.std <= 0:
            raise ModelError(
                f"card {self.name!r}: input_size and std must be positive, got {self.input_size} and {self.std}"
            )
        if not self.outputs or any(not classes for classes in self.outputs.values()):
            raise ModelError(f"card {self.name!r}: every output must have classes, got {self.outputs}")
        if any(value <= 0 for value in self.temperatures.values()):
            raise ModelError(f"card {self.name!r}: temperatures must be positive, got {self.temperatures}")
        if any(not 0 <= value < 1 for value in self.prob_floors.values()):
            raise ModelError(f"card {self.name!r}: prob_floors must be in [0, 1), got {self.prob_floors}")
        if self.precision not in PRECISIONS:
            raise ModelError(f"card {self.name!r}: precision must be one of {PRECISIONS}, got {self.precision!r}")

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Create a card from the fields of its JSON document, without the format."""
        outputs = {head: tuple(classes) for head, classes in fields["outputs"].items()}
        return cls(**fields | {"outputs": outputs})

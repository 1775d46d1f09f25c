"""The model card: all that is needed to use a weights file, and where it came from."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from mememoji.errors import ModelError
from mememoji.model_files import read_card, verify_hash, write_card

FORMAT: Final = 1
"""The card's own form; a card of another form is refused instead of guessed at."""

PRECISIONS: Final = ("float32", "float16", "int8")
"""The numbers that filters and matrices are stored in. With int8 the arithmetic is in 8 bits too."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a weights file takes and gives.

    The network takes crops (N, 1, side, side) as float32, `(gray - mean) / std` with gray in 0..255, under the name
    `input_name`. `outputs` maps each head's name to its classes in order: class order stands nowhere else. Each
    head gives logits (N, classes), whose softmax are its probabilities.

    Attributes:
        name: the model's name, with its version.
        network: which network of `mememoji.training.classifier.networks` it is.
        parameters: how many numbers were trained.
        sha256: of the weights file, in hex.
        trained_on: the data, and what was left out of it.
        scores: figures with the split they were measured on, as `{"val": {"accuracy_7": 0.7}}`.
        license: of the weights.
        temperatures: what the file divides each head's own logits by, and
        floors: what it takes off each probability after that, so that the head is as sure as it is right. Both are in
            the graph already; they stand here for the record.
        precision: one of `PRECISIONS`.
        layers: the ends of the network's stages, from the input on: a name for each, and the tensor it goes by in
            the graph.
        matrices: for each head that acts on the means of the last layer's maps, the tensor of its matrix
            (classes, channels).
        note: what a user should know: weak spots, intended use.

    Raises:
        ModelError: a value is out of range or a head has no classes.
    """

    name: str
    network: str
    parameters: int
    sha256: str
    side: int
    mean: float
    std: float
    outputs: dict[str, tuple[str, ...]]
    trained_on: str
    license: str
    input_name: str = "crops"
    temperatures: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    precision: str = "float32"
    layers: dict[str, str] = field(default_factory=dict)
    matrices: dict[str, str] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if self.side < 1 or self.std <= 0:
            raise ModelError(f"card {self.name!r}: side or std out of range")
        if not self.outputs or any(not classes for classes in self.outputs.values()):
            raise ModelError(f"card {self.name!r}: every output needs its classes, got {self.outputs}")
        if any(value <= 0 for value in self.temperatures.values()):
            raise ModelError(f"card {self.name!r}: temperatures are positive, got {self.temperatures}")
        if any(not 0 <= value < 1 for value in self.floors.values()):
            raise ModelError(f"card {self.name!r}: floors lie in [0, 1), got {self.floors}")
        if self.precision not in PRECISIONS:
            raise ModelError(f"card {self.name!r}: precision is one of {PRECISIONS}, got {self.precision!r}")

    def to_dict(self) -> dict[str, Any]:
        return {"format": FORMAT} | dataclasses.asdict(self)

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        write_card(self.to_dict(), path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a card.

        Raises:
            ModelError: no such file, no JSON, another form, or a field missing, unknown or out of range.
        """
        content = read_card(path, FORMAT)
        try:
            content["outputs"] = {head: tuple(classes) for head, classes in content["outputs"].items()}
            return cls(**content)
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}: the card's fields do not fit: {error}") from error

    def verify(self, weights: Path) -> None:
        """Check that a weights file is the one this card speaks of.

        Raises:
            ModelError: no such file, or another hash.
        """
        verify_hash(weights, self.sha256)

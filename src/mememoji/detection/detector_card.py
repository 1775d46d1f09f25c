"""The detector's card: all that is needed to use its weights, and where they came from."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from mememoji.errors import ModelError
from mememoji.model_files import read_card, verify_hash, write_card

FORMAT: Final = 1
"""The card's own form; a card of another form is refused instead of guessed at."""


@dataclass(frozen=True, slots=True)
class DetectorCard:
    """What a detector's weights file takes and gives.

    The network takes RGB images (N, 3, H, W) as float32 in 0..255, H and W multiples of 32, under the name
    `pictures`. It gives `answers` (N, P, 15): see `mememoji.detection.postprocess`.

    Attributes:
        name: the detector's name, with its version.
        parameters: how many numbers were trained.
        sha256: of the weights file, in hex.
        score_threshold: 0..1, the least score of a face, as it was measured for these weights.
        trained_on: the data, and what was left out of it.
        license: of the weights.
        scores: figures with the data they were measured on, as `{"val": {"recall_32": 0.9}}`.
        note: what a user should know: weak spots, intended use.

    Raises:
        ModelError: a value is out of range.
    """

    name: str
    parameters: int
    sha256: str
    score_threshold: float
    trained_on: str
    license: str
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.score_threshold <= 1.0:
            raise ModelError(f"card {self.name!r}: score_threshold lies in 0..1, got {self.score_threshold}")

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
            return cls(**content)
        except TypeError as error:
            raise ModelError(f"{path}: the card's fields do not fit: {error}") from error

    def verify(self, weights: Path) -> None:
        """Check that a weights file is the one this card speaks of.

        Raises:
            ModelError: no such file, or another hash.
        """
        verify_hash(weights, self.sha256)

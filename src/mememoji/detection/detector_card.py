"""The detector's model card: all that is needed to use its weights, and their origin."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from mememoji.errors import ModelError
from mememoji.model_files import read_card, verify_hash, write_card

FORMAT: Final = 1
"""The version of the card's format; other versions are rejected."""


@dataclass(frozen=True, slots=True)
class DetectorCard:
    """Description of a detector's weights file.

    The network takes RGB images (N, 3, H, W) as float32 in 0..255, H and W multiples of 32, under the name `images`,
    and returns `outputs` (N, P, 15), which `mememoji.detection.postprocess` decodes.

    Attributes:
        name: The name of the detector with its version.
        num_parameters: The number of trainable parameters.
        sha256: The SHA-256 of the weights file in hex.
        score_threshold: The lowest score of a face, 0..1, chosen on val for these weights.
        trained_on: The training data, and what was left out of it.
        license: The license of the weights.
        scores: The metrics by the data they were measured on, such as `{"val": {"recall_32": 0.9}}`.
        note: The known limits and intended use.

    Raises:
        ModelError: A value is out of range.

    Example:
        >>> from mememoji.detection.compact import find_shipped_weights
        >>> from mememoji.detection.detector_card import DetectorCard
        >>> from mememoji.model_files import card_path
        >>> card = DetectorCard.read(card_path(find_shipped_weights()))
        >>> card.verify(find_shipped_weights())
        >>> card.score_threshold, card.scores["val"]["recall_32"]
        (0.675, 0.953)
    """

    name: str
    num_parameters: int
    sha256: str
    score_threshold: float
    trained_on: str
    license: str
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.score_threshold <= 1.0:
            raise ModelError(f"card {self.name!r}: score_threshold must be in 0..1, got {self.score_threshold}")

    def to_dict(self) -> dict[str, Any]:
        """Convert the card to plain dicts, strings and numbers."""
        return {"format": FORMAT} | dataclasses.asdict(self)

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        write_card(self.to_dict(), path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a card.

        Raises:
            ModelError: The file is missing, not JSON or of another format version, or a field is missing, unknown or
                out of range.
        """
        content = read_card(path, FORMAT)
        try:
            return cls(**content)
        except TypeError as error:
            raise ModelError(f"{path}: the fields must be those of a detector card: {error}") from error

    def verify(self, weights: Path) -> None:
        """Check that a weights file is the one this card describes.

        Raises:
            ModelError: The file is missing or its hash differs.
        """
        verify_hash(weights, self.sha256)

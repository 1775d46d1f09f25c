"""Card of a weights file: what it is, where it comes from, and how well it scores."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from mememoji.atomic_file import atomic_write
from mememoji.errors import ModelError
from mememoji.model_files import verify_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsCard:
    """The part of a card that all kinds of weights have in common.

    Attributes:
        FORMAT: The version of the card's format; cards of other versions are rejected.
        name: The name of the model, with its version.
        num_parameters: The number of trainable parameters.
        sha256: The SHA-256 of the weights file, in hex.
        trained_on: The training data, and what was left out of it.
        license: The license of the weights.
        scores: The scores by the data that they were measured on, such as `{"val": {"accuracy_7": 0.7}}`.
        note: The intended use, and known weaknesses.
    """

    FORMAT: ClassVar[int]

    name: str
    num_parameters: int
    sha256: str
    trained_on: str
    license: str
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert the card to plain dicts, lists, strings and numbers."""
        return {"format": self.FORMAT} | dataclasses.asdict(self)

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a card.

        Raises:
            ModelError: The file is missing, is not valid JSON, has another format, or a field is missing, unknown or
                out of range.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ModelError(f"no model card at {path}; keep the card next to its weights") from error
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} must be a model card in JSON: {error}") from error
        card_format = content.pop("format", None) if isinstance(content, dict) else None
        if card_format != cls.FORMAT:
            raise ModelError(
                f"{path} must be a model card of format {cls.FORMAT}, got format {card_format}; "
                "export the weights again"
            )
        try:
            return cls.from_fields(content)
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}: the fields must be those of a {cls.__name__}: {error}") from error

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Create a card from the fields of its JSON document, without the format."""
        return cls(**fields)

    def verify(self, weights: Path) -> None:
        """Check that a weights file is the one that this card describes.

        Raises:
            ModelError: The file is missing or has another hash.
        """
        verify_hash(weights, self.sha256)

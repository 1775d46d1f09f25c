"""The detector's model card: all that is needed to use its weights, and their origin."""

from dataclasses import dataclass
from typing import ClassVar

from mememoji.errors import ModelError
from mememoji.weights_card import WeightsCard


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorCard(WeightsCard):
    """Description of a detector's weights file.

    The network takes RGB images (N, 3, H, W) as float32 in 0..255, H and W multiples of 32, under the name `images`,
    and returns `outputs` (N, P, 15), which `mememoji.detection.postprocess` decodes.

    Attributes:
        score_threshold: The lowest score of a face, 0..1, chosen on val for these weights.

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

    FORMAT: ClassVar[int] = 2

    score_threshold: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.score_threshold <= 1.0:
            raise ModelError(f"card {self.name!r}: score_threshold must be in 0..1, got {self.score_threshold}")

"""Convolutions in groups with norms, max-pooling between them, both heads on the means of the last maps."""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class VggShape:
    """How `Vgg` is built.

    `filters` holds a tuple for each group of 3x3 convolutions, the number of filters of each; every group but the last
    ends in 2x2 max-pooling. `dropout` acts before the heads.

    Raises:
        ValueError: no group, an empty one, more groups than 48 pixels can be halved, or a number out of range.
    """

    filters: tuple[tuple[int, ...], ...]
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if not self.filters or any(not group or min(group) < 1 for group in self.filters):
            raise ValueError(f"every group needs filters of at least 1, got {self.filters}")
        if len(self.filters) > 5:
            raise ValueError(f"48 pixels can be halved 4 times and still be maps, got {len(self.filters)} groups")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout lies in [0, 1), got {self.dropout}")


class Vgg(nn.Module):
    """(N, 1, 48, 48) float32 -> {"labels": (N, 7), "votes": (N, 10)} logits.

    Simonyan and Zisserman (2015), "Very deep convolutional networks for large-scale image recognition", with batch
    normalization, and means over the last maps in place of the dense layers that held most of its weights.
    """

    def __init__(self, shape: VggShape, *, labels: int = 7, votes: int = 10) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = []
        channels = 1
        for number, group in enumerate(shape.filters):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in group:
                layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
                channels = width
        self.convolutions = nn.Sequential(*layers)
        self.dropout = nn.Dropout(shape.dropout)
        self.labels = nn.Linear(channels, labels)
        self.votes = nn.Linear(channels, votes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        features = self.dropout(self.convolutions(crops).mean(dim=(2, 3)))  # (N, C)
        return {"labels": self.labels(features), "votes": self.votes(features)}

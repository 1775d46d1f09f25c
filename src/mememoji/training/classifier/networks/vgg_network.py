"""VGG network with batch norm and global average pooling, two heads: a teacher of another architecture."""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class VggConfig:
    """Architecture of `VggNetwork`.

    Attributes:
        filters: A tuple per group of 3x3 convolutions, with the number of filters of each; every group but the last
            ends in 2x2 max-pooling.
        dropout: Dropout rate before the heads.

    Raises:
        ValueError: There is no group or an empty one, there are more than five groups, or a value is out of range.
    """

    filters: tuple[tuple[int, ...], ...]
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if not self.filters or any(not group or min(group) < 1 for group in self.filters):
            raise ValueError(f"every group must have at least one filter, got {self.filters}")
        if len(self.filters) > 5:
            raise ValueError(f"there must be at most 5 groups, which halve 48 pixels 4 times, got {len(self.filters)}")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")


class VggNetwork(nn.Module):
    """VGG with batch norm: (N, 1, 48, 48) float32 -> {"labels": (N, 7), "votes": (N, 10)} logits.

    Simonyan and Zisserman (2015), "Very deep convolutional networks for large-scale image recognition", with batch
    norm, and global average pooling instead of the dense layers that had most of its weights.
    """

    def __init__(self, config: VggConfig, *, num_labels: int = 7, num_votes: int = 10) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels = 1
        for number, group in enumerate(config.filters):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in group:
                layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
                channels = width
        self.convolutions = nn.Sequential(*layers)
        self.dropout = nn.Dropout(config.dropout)
        self.labels = nn.Linear(channels, num_labels)
        self.votes = nn.Linear(channels, num_votes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        features = self.dropout(self.convolutions(crops).mean(dim=(2, 3)))  # (N, C)
        return {"labels": self.labels(features), "votes": self.votes(features)}

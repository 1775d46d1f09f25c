"""Plain network of the original Mememoji: groups of 3x3 convolutions with max-pooling, then dense layers."""

from dataclasses import dataclass

from torch import Tensor, nn

_INPUT_SIZE = 48


@dataclass(frozen=True, slots=True)
class PlainConfig:
    """Architecture of `PlainNetwork`.

    Attributes:
        filters: A tuple per group of convolutions, with the number of filters of each; every group ends in 2x2
            max-pooling.
        dense: Widths of the dense layers before the output layer.
        dropout: Dropout rate after every dense layer.
        group_dropout: Dropout rate after every group.

    Raises:
        ValueError: There is no group or an empty one, there are more than five groups, or a value is out of range.
    """

    filters: tuple[tuple[int, ...], ...]
    dense: tuple[int, ...]
    dropout: float = 0.25
    group_dropout: float = 0.1

    def __post_init__(self) -> None:
        if not self.filters or any(not group or min(group) < 1 for group in self.filters):
            raise ValueError(f"every group must have at least one filter, got {self.filters}")
        if len(self.filters) > 5:
            raise ValueError(f"there must be at most 5 groups, which halve 48 pixels, got {len(self.filters)}")
        if any(width < 1 for width in self.dense):
            raise ValueError(f"dense layers must be at least 1 wide, got {self.dense}")
        if not (0.0 <= self.dropout < 1.0 and 0.0 <= self.group_dropout < 1.0):
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout} and {self.group_dropout}")


BASELINE = PlainConfig(filters=((32, 32, 32),), dense=(128,))
"""The original's first network: three convolutions and one dense layer."""

MEMEMOJI9 = PlainConfig(filters=((32, 32, 32), (64, 64, 64), (128, 128, 128)), dense=(64, 64))
"""The original's final network: nine convolutions, pooling after every three, two dense layers."""


class PlainNetwork(nn.Module):
    """Plain convolutional network: (N, 1, 48, 48) float32 -> {"labels": (N, 7)} logits."""

    def __init__(self, config: PlainConfig, *, num_labels: int = 7) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels = 1
        for group in config.filters:
            for width in group:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers += [nn.MaxPool2d(2), nn.Dropout(config.group_dropout)]
        self.convolutions = nn.Sequential(*layers)
        width = channels * (_INPUT_SIZE // 2 ** len(config.filters)) ** 2
        dense: list[nn.Module] = [nn.Flatten()]
        for outputs in config.dense:
            dense += [nn.Linear(width, outputs), nn.ReLU(), nn.Dropout(config.dropout)]
            width = outputs
        self.dense = nn.Sequential(*dense)
        self.labels = nn.Linear(width, num_labels)
        for module in self.modules():
            # Without norms a deep stack of ReLUs trains only from weights of this variance (He et al. 2015).
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        # The first outputs are nearly uniform: confident random ones would have to be unlearned first.
        nn.init.normal_(self.labels.weight, std=0.01)

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        return {"labels": self.labels(self.dense(self.convolutions(crops)))}

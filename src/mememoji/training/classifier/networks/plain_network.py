"""The original Mememoji's family: plain 3x3 convolutions in groups, max-pooling between them, dense layers."""

from dataclasses import dataclass

from torch import Tensor, nn

_SIDE = 48


@dataclass(frozen=True, slots=True)
class PlainShape:
    """How `Plain` is built.

    `filters` holds a tuple for each group of convolutions, the number of filters of each; every group ends in 2x2
    max-pooling. `dense` holds the widths of the dense layers before the classes. `dropout` acts after every group
    (`group_dropout`) and every dense layer.

    Raises:
        ValueError: no group, an empty one, more groups than 48 pixels can be halved, or a number out of range.
    """

    filters: tuple[tuple[int, ...], ...]
    dense: tuple[int, ...]
    dropout: float = 0.25
    group_dropout: float = 0.1

    def __post_init__(self) -> None:
        if not self.filters or any(not group or min(group) < 1 for group in self.filters):
            raise ValueError(f"every group needs filters of at least 1, got {self.filters}")
        if len(self.filters) > 5:
            raise ValueError(f"48 pixels can be halved 5 times, got {len(self.filters)} groups")
        if any(width < 1 for width in self.dense):
            raise ValueError(f"dense layers are at least 1 wide, got {self.dense}")
        if not (0.0 <= self.dropout < 1.0 and 0.0 <= self.group_dropout < 1.0):
            raise ValueError(f"dropout lies in [0, 1), got {self.dropout} and {self.group_dropout}")


BASELINE = PlainShape(filters=((32, 32, 32),), dense=(128,))
"""The original's first try: three convolutions and one dense layer."""

MEMEMOJI9 = PlainShape(filters=((32, 32, 32), (64, 64, 64), (128, 128, 128)), dense=(64, 64))
"""The original's final design: nine convolutions, pooling after every three, two dense layers."""


class Plain(nn.Module):
    """(N, 1, 48, 48) float32 -> {"labels": (N, 7)} logits."""

    def __init__(self, shape: PlainShape, *, labels: int = 7) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = []
        channels = 1
        for group in shape.filters:
            for width in group:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers += [nn.MaxPool2d(2), nn.Dropout(shape.group_dropout)]
        self.convolutions = nn.Sequential(*layers)
        width = channels * (_SIDE // 2 ** len(shape.filters)) ** 2
        dense: list[nn.Module] = [nn.Flatten()]
        for outputs in shape.dense:
            dense += [nn.Linear(width, outputs), nn.ReLU(), nn.Dropout(shape.dropout)]
            width = outputs
        self.dense = nn.Sequential(*dense)
        self.labels = nn.Linear(width, labels)
        for module in self.modules():
            # Without norms a deep stack of ReLUs only learns from weights of this variance (He et al. 2015).
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        # First answers near even ones: loud ones would be unlearned before anything is learned.
        nn.init.normal_(self.labels.weight, std=0.01)

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        return {"labels": self.labels(self.dense(self.convolutions(crops)))}

"""Our own small network: residual with squeeze-and-excitation, two heads."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class CompactShape:
    """How `Compact` is built.

    `stem` is the number of channels at the full 48x48, `widths` those at 24x24, 12x12 and 6x6, `blocks` how many
    residual blocks stand at each; `squeeze` is the divisor of squeeze-and-excitation's inner width, `dropout` the
    rate before the heads. `stem_kernel` is the side of the stem's filters; without `gated` there is no
    squeeze-and-excitation, which leaves a plain residual network. `stem_stride` 2 makes the stem's maps 24x24
    and halves the side of every stage's maps.

    Raises:
        ValueError: widths and blocks are not of one length, or a number is out of range.
    """

    stem: int = 16
    widths: tuple[int, ...] = (32, 80, 192)
    blocks: tuple[int, ...] = (1, 2, 2)
    squeeze: int = 8
    dropout: float = 0.1
    stem_kernel: int = 3
    gated: bool = True
    stem_stride: int = 1

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.blocks) or not self.widths:
            raise ValueError(f"one number of blocks for each width, got {self.widths} and {self.blocks}")
        if min(self.stem, self.squeeze, *self.widths, *self.blocks) < 1:
            raise ValueError(f"channels and blocks are at least 1, got {self}")
        if self.stem_kernel < 1 or self.stem_kernel % 2 == 0:
            raise ValueError(f"the stem's kernel is odd, got {self.stem_kernel}")
        if self.stem_stride not in (1, 2):
            raise ValueError(f"stem_stride must be 1 or 2, got {self.stem_stride}")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout lies in [0, 1), got {self.dropout}")


class SqueezeExcitation(nn.Module):
    """Channels weighed by what the whole map holds (Hu, Shen and Sun 2018, "Squeeze-and-Excitation Networks")."""

    def __init__(self, channels: int, divisor: int) -> None:
        super().__init__()
        inner = max(8, channels // divisor)
        self.squeeze = nn.Linear(channels, inner)
        self.excite = nn.Linear(inner, channels)
        # Gates start wide open and all alike: half-closed ones at random slow the first epochs down.
        nn.init.zeros_(self.excite.weight)
        nn.init.constant_(self.excite.bias, 2.0)

    def forward(self, maps: Tensor) -> Tensor:
        gates = self.excite(torch.relu(self.squeeze(maps.mean(dim=(2, 3)))))  # (N, C)
        return maps * torch.sigmoid(gates)[:, :, None, None]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016), squeeze-and-excitation before the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int, squeeze: int | None) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.gate: nn.Module = nn.Identity() if squeeze is None else SqueezeExcitation(outputs, squeeze)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            # Average pooling before a 1x1 convolution keeps what a strided 1x1 would drop (He et al. 2019,
            # "Bag of Tricks for Image Classification", ResNet-D).
            pool = nn.AvgPool2d(stride) if stride != 1 else nn.Identity()
            self.shortcut = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        out = torch.relu(self.first_norm(self.first(maps)))
        out = self.gate(self.second_norm(self.second(out)))
        return torch.relu(out + self.shortcut(maps))


class Compact(nn.Module):
    """(N, 1, 48, 48) float32 -> {"labels": (N, 7), "votes": (N, 10)} logits."""

    def __init__(self, shape: CompactShape, *, labels: int = 7, votes: int = 10) -> None:
        super().__init__()
        self.shape = shape
        self.stem = nn.Sequential(
            nn.Conv2d(1, shape.stem, shape.stem_kernel, shape.stem_stride, padding=shape.stem_kernel // 2, bias=False),
            nn.BatchNorm2d(shape.stem),
            nn.ReLU(),
        )
        stages: list[nn.Module] = []
        channels = shape.stem
        squeeze = shape.squeeze if shape.gated else None
        for width, count in zip(shape.widths, shape.blocks, strict=True):
            first = ResidualBlock(channels, width, 2, squeeze)
            rest = [ResidualBlock(width, width, 1, squeeze) for _ in range(count - 1)]
            stages.append(nn.Sequential(first, *rest))
            channels = width
        self.stages = nn.ModuleList(stages)
        self.dropout = nn.Dropout(shape.dropout)
        self.labels = nn.Linear(channels, labels)
        self.votes = nn.Linear(channels, votes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        maps = self.stem(crops)
        for stage in self.stages:
            maps = stage(maps)
        features = self.dropout(maps.mean(dim=(2, 3)))  # (N, C)
        return {"labels": self.labels(features), "votes": self.votes(features)}

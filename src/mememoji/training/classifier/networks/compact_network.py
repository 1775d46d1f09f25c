"""Compact network: residual with squeeze-and-excitation, two heads."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class CompactConfig:
    """Architecture of `CompactNetwork`.

    Attributes:
        stem_channels: Channels of the stem, at the full 48x48 pixels.
        channels: Channels of the stages, at 24x24, 12x12 and 6x6 pixels.
        num_blocks: Number of residual blocks of each stage.
        se_reduction: Divisor of the channels inside squeeze-and-excitation.
        dropout: Dropout rate before the heads.
        stem_kernel_size: Size of the stem's filters, odd.
        squeeze_excitation: Whether blocks have squeeze-and-excitation; without it, the network is a plain ResNet.
        stem_stride: 2 halves the resolution of the stem and of every stage.

    Raises:
        ValueError: `channels` and `num_blocks` differ in length, or a value is out of range.
    """

    stem_channels: int = 16
    channels: tuple[int, ...] = (32, 80, 192)
    num_blocks: tuple[int, ...] = (1, 2, 2)
    se_reduction: int = 8
    dropout: float = 0.1
    stem_kernel_size: int = 3
    squeeze_excitation: bool = True
    stem_stride: int = 1

    def __post_init__(self) -> None:
        if len(self.channels) != len(self.num_blocks) or not self.channels:
            raise ValueError(f"num_blocks must have a number per stage, got {self.channels} and {self.num_blocks}")
        if min(self.stem_channels, self.se_reduction, *self.channels, *self.num_blocks) < 1:
            raise ValueError(f"channels, blocks and se_reduction must be at least 1, got {self}")
        if self.stem_kernel_size < 1 or self.stem_kernel_size % 2 == 0:
            raise ValueError(f"stem_kernel_size must be odd, got {self.stem_kernel_size}")
        if self.stem_stride not in (1, 2):
            raise ValueError(f"stem_stride must be 1 or 2, got {self.stem_stride}")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")


class SqueezeExcitation(nn.Module):
    """Channel attention from the means of the feature maps (Hu, Shen and Sun 2018)."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = max(8, channels // reduction)
        self.squeeze = nn.Linear(channels, inner)
        self.excite = nn.Linear(inner, channels)
        # Gates are initially open and equal: half-closed random gates slow down the first epochs.
        nn.init.zeros_(self.excite.weight)
        nn.init.constant_(self.excite.bias, 2.0)

    def forward(self, maps: Tensor) -> Tensor:
        gates = self.excite(torch.relu(self.squeeze(maps.mean(dim=(2, 3)))))  # (N, C)
        return maps * torch.sigmoid(gates)[:, :, None, None]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016) and squeeze-and-excitation before the sum."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, se_reduction: int | None) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(out_channels)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(out_channels)
        self.gate: nn.Module = nn.Identity()
        if se_reduction is not None:
            self.gate = SqueezeExcitation(out_channels, se_reduction)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            # Average pooling before the 1x1 convolution uses all pixels; a strided 1x1 convolution would skip three of
            # four (He et al. 2019, "Bag of Tricks for Image Classification", ResNet-D).
            pool = nn.AvgPool2d(stride) if stride != 1 else nn.Identity()
            self.shortcut = nn.Sequential(
                pool, nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, maps: Tensor) -> Tensor:
        out = torch.relu(self.first_norm(self.first(maps)))
        out = self.gate(self.second_norm(self.second(out)))
        return torch.relu(out + self.shortcut(maps))


class CompactNetwork(nn.Module):
    """Small residual network: (N, 1, 48, 48) float32 -> {"labels": (N, 7), "votes": (N, 10)} logits."""

    def __init__(self, config: CompactConfig, *, num_labels: int = 7, num_votes: int = 10) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Sequential(
            nn.Conv2d(
                1,
                config.stem_channels,
                config.stem_kernel_size,
                config.stem_stride,
                padding=config.stem_kernel_size // 2,
                bias=False,
            ),
            nn.BatchNorm2d(config.stem_channels),
            nn.ReLU(),
        )
        stages: list[nn.Module] = []
        in_channels = config.stem_channels
        se_reduction = config.se_reduction if config.squeeze_excitation else None
        for channels, num_blocks in zip(config.channels, config.num_blocks, strict=True):
            first = ResidualBlock(in_channels, channels, 2, se_reduction)
            rest = [ResidualBlock(channels, channels, 1, se_reduction) for _ in range(num_blocks - 1)]
            stages.append(nn.Sequential(first, *rest))
            in_channels = channels
        self.stages = nn.ModuleList(stages)
        self.dropout = nn.Dropout(config.dropout)
        self.labels = nn.Linear(in_channels, num_labels)
        self.votes = nn.Linear(in_channels, num_votes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, crops: Tensor) -> dict[str, Tensor]:
        maps = self.stem(crops)
        for stage in self.stages:
            maps = stage(maps)
        features = self.dropout(maps.mean(dim=(2, 3)))  # (N, C)
        return {"labels": self.labels(features), "votes": self.votes(features)}

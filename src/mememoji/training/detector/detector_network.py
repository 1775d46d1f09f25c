"""The detector's network: anchor-free and one-stage, in the manner of YuNet and SCRFD."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

OUTPUTS: Final = 15
"""A place's answers: face logit, box (4: center's shift and size), landmarks (5 times x and y)."""

FACES_PRIOR: Final = 0.01
"""How likely a place is a face's before anything is learned (Lin et al. 2017, "Focal Loss", section 4.1)."""

PIXEL_SCALE: Final = 1 / 128
"""What brings pixels of 0..255 to a range that weights are easily learned for."""


@dataclass(frozen=True, slots=True)
class DetectorShape:
    """How `DetectorNetwork` is built.

    `stem` is the number of channels at stride 2, `widths` those at strides 4, 8, 16 and 32, `blocks` how many
    residual blocks stand at each of these after the one that halves the map, `neck` the channels of the three maps
    that the heads read.

    Raises:
        ValueError: not four widths and four numbers of blocks, or a number out of range.
    """

    stem: int = 16
    widths: tuple[int, ...] = (32, 64, 96, 96)
    blocks: tuple[int, ...] = (0, 3, 3, 2)
    neck: int = 64

    def __post_init__(self) -> None:
        if len(self.widths) != 4 or len(self.blocks) != 4:
            raise ValueError(f"four widths and four numbers of blocks, got {self.widths} and {self.blocks}")
        if min(self.stem, self.neck, *self.widths) < 1 or min(self.blocks) < 0:
            raise ValueError(f"channels are at least 1 and blocks at least 0, got {self}")


class Separable(nn.Module):
    """A 1x1 convolution, then a 3x3 one of each channel by itself, as YuNet has them; around it a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)
        self.spread = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, maps: Tensor) -> Tensor:
        return maps + torch.relu(self.norm(self.spread(self.mix(maps))))


class Halving(nn.Module):
    """A map of half the side: a 3x3 convolution of each channel by itself with stride 2, then a 1x1 one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(inputs, inputs, 3, 2, padding=1, groups=inputs, bias=False)
        self.mix = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        return torch.relu(self.norm(self.mix(self.spread(maps))))


def dense(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    """A plain convolution with its norm and ReLU."""
    convolution = nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class DetectorNetwork(nn.Module):
    """RGB images (N, 3, H, W) float32 in 0..255, H and W multiples of 32, to raw answers.

    The answers are (N, P, 15): P places, row by row through the maps of strides 8, 16 and 32; a place's answers are
    as `OUTPUTS` says, in units of its stride: `mememoji.detection.postprocess` makes pixels of them.
    """

    def __init__(self, shape: DetectorShape) -> None:
        super().__init__()
        self.shape = shape
        first, *widths = shape.widths
        self.stem = nn.Sequential(
            dense(3, shape.stem, stride=2),
            dense(shape.stem, first, stride=2),
            *[Separable(first) for _ in range(shape.blocks[0])],
        )
        stages: list[nn.Module] = []
        inputs = first
        for width, count in zip(widths, shape.blocks[1:], strict=True):
            stages.append(nn.Sequential(Halving(inputs, width), *[Separable(width) for _ in range(count)]))
            inputs = width
        self.stages = nn.ModuleList(stages)
        self.laterals = nn.ModuleList([dense(width, shape.neck, 1) for width in widths])
        self.merged = nn.ModuleList([Separable(shape.neck) for _ in widths])
        self.towers = nn.ModuleList([Separable(shape.neck) for _ in widths])
        self.answers = nn.ModuleList([nn.Conv2d(shape.neck, OUTPUTS, 1) for _ in widths])
        self._begin()

    def _begin(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for answer in self.answers:
            assert isinstance(answer, nn.Conv2d)
            assert answer.bias is not None
            nn.init.normal_(answer.weight, std=0.01)
            nn.init.zeros_(answer.bias)
            with torch.no_grad():
                answer.bias[0] = torch.logit(torch.tensor(FACES_PRIOR))
                # Faces of four strides' side, until something better is learned.
                answer.bias[3:5] = torch.log(torch.tensor(4.0))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.answers_of(pictures * PIXEL_SCALE)

    def answers_of(self, scaled: Tensor) -> Tensor:
        """The answers for images that are scaled already."""
        maps = self.stem(scaled)
        levels = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            maps = stage(maps)
            levels.append(lateral(maps))
        # Top down: what the coarse maps know of the surroundings reaches the fine ones (Lin et al. 2017, "FPN").
        for index in (1, 0):
            levels[index] = levels[index] + functional.interpolate(levels[index + 1], scale_factor=2.0)
        rows = []
        for level, merge, tower, answer in zip(levels, self.merged, self.towers, self.answers, strict=True):
            rows.append(answer(tower(merge(level))).flatten(2).transpose(1, 2))  # (N, 15, h, w) -> (N, h * w, 15)
        return torch.cat(rows, dim=1)

"""The detector's network: anchor-free and one-stage, similar to YuNet and SCRFD."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mememoji.training.common.fused_weights import load_fused_weights

NUM_OUTPUTS: Final = 15
"""Outputs of an anchor point: face logit, box (4: offset of the center and size), landmarks (5 times x and y)."""

FACE_PRIOR: Final = 0.01
"""Initial probability of a face at an anchor point (Lin et al. 2017, "Focal Loss", section 4.1)."""

PIXEL_SCALE: Final = 1 / 128
"""Factor that brings pixels of 0..255 to a range suited to training."""


@dataclass(frozen=True, slots=True)
class DetectorModelConfig:
    """Architecture of `DetectorNetwork`.

    Attributes:
        stem_channels: Channels at stride 2.
        channels: Channels at strides 4, 8, 16 and 32.
        num_blocks: Number of residual blocks at each of these strides, after the downsampling.
        neck_channels: Channels of the three feature maps that the heads read.

    Raises:
        ValueError: `channels` or `num_blocks` do not have four values, or a value is out of range.
    """

    stem_channels: int = 16
    channels: tuple[int, ...] = (32, 64, 96, 96)
    num_blocks: tuple[int, ...] = (0, 3, 3, 2)
    neck_channels: int = 64

    def __post_init__(self) -> None:
        if len(self.channels) != 4 or len(self.num_blocks) != 4:
            raise ValueError(
                f"channels and num_blocks must have four values each, got {self.channels} and {self.num_blocks}"
            )
        if min(self.stem_channels, self.neck_channels, *self.channels) < 1 or min(self.num_blocks) < 0:
            raise ValueError(f"channels must be at least 1 and num_blocks at least 0, got {self}")


class DepthwiseSeparableBlock(nn.Module):
    """A pointwise and then a depthwise convolution, in YuNet's order, with a residual connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.relu(self.norm(self.depthwise(self.pointwise(x))))


class DownsampleBlock(nn.Module):
    """A depthwise convolution with stride 2, then a pointwise one."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, 2, padding=1, groups=in_channels, bias=False)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.pointwise(self.depthwise(x))))


def conv_norm_relu(in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution with batch norm and ReLU."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU())


class DetectorNetwork(nn.Module):
    """Network from RGB images (N, 3, H, W) float32 in 0..255, H and W multiples of 32, to raw outputs.

    The outputs (N, P, 15) are those of P anchor points, row by row through the maps of strides 8, 16 and 32, in units
    of the stride; `mememoji.detection.postprocess` decodes them to pixels.

    Args:
        config: Architecture.
    """

    def __init__(self, config: DetectorModelConfig) -> None:
        super().__init__()
        self.config = config
        first, *channels = config.channels
        self.stem = nn.Sequential(
            conv_norm_relu(3, config.stem_channels, stride=2),
            conv_norm_relu(config.stem_channels, first, stride=2),
            *[DepthwiseSeparableBlock(first) for _ in range(config.num_blocks[0])],
        )
        stages: list[nn.Module] = []
        in_channels = first
        for out_channels, num_blocks in zip(channels, config.num_blocks[1:], strict=True):
            blocks = [DepthwiseSeparableBlock(out_channels) for _ in range(num_blocks)]
            stages.append(nn.Sequential(DownsampleBlock(in_channels, out_channels), *blocks))
            in_channels = out_channels
        self.stages = nn.ModuleList(stages)
        neck = config.neck_channels
        self.laterals = nn.ModuleList([conv_norm_relu(width, neck, 1) for width in channels])
        self.fpn_convs = nn.ModuleList([DepthwiseSeparableBlock(neck) for _ in channels])
        self.head_convs = nn.ModuleList([DepthwiseSeparableBlock(neck) for _ in channels])
        self.outputs = nn.ModuleList([nn.Conv2d(neck, NUM_OUTPUTS, 1) for _ in channels])
        self._init_weights()

    def _init_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for output in self.outputs:
            assert isinstance(output, nn.Conv2d)
            assert output.bias is not None
            nn.init.normal_(output.weight, std=0.01)
            nn.init.zeros_(output.bias)
            with torch.no_grad():
                output.bias[0] = torch.logit(torch.tensor(FACE_PRIOR))
                # Initial boxes are four strides wide and high.
                output.bias[3:5] = torch.log(torch.tensor(4.0))

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_scaled(images * PIXEL_SCALE)

    def forward_scaled(self, scaled: Tensor) -> Tensor:
        """Return the raw outputs for images that were multiplied by `PIXEL_SCALE`."""
        x = self.stem(scaled)
        levels = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            x = stage(x)
            levels.append(lateral(x))
        # Top-down pathway: coarse maps add context to fine ones (Lin et al. 2017, "FPN").
        for index in (1, 0):
            levels[index] = levels[index] + functional.interpolate(levels[index + 1], scale_factor=2.0)
        rows = []
        for level, fpn_conv, head_conv, output in zip(
            levels, self.fpn_convs, self.head_convs, self.outputs, strict=True
        ):
            # (N, 15, h, w) -> (N, h * w, 15)
            rows.append(output(head_conv(fpn_conv(level))).flatten(2).transpose(1, 2))
        return torch.cat(rows, dim=1)


@torch.no_grad()
def load_detector_weights(network: DetectorNetwork, weights: Path, images: Tensor) -> None:
    """Load an exported file into a network, which then gives the file's outputs and can be trained further.

    Args:
        network: Network of the exported architecture, changed in place.
        weights: ONNX file that `mememoji.training.detector.detector_export` wrote.
        images: RGB images (N, 3, H, W) uint8 from the training data, on which the batch norms are estimated; H and W
            must be multiples of 32.

    Raises:
        ModelError: The file is missing, not ONNX, or of another architecture.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))

    def undo_pixel_scale() -> None:
        first.weight.div_(PIXEL_SCALE)

    load_fused_weights(network, weights, images.float(), before_reestimation=undo_pixel_scale)

"""Image corruptions on the images' device: occlusion, misalignment, lighting, downscaling, noise, JPEG.

They train robustness against what detectors and cameras do to faces, in the manner of ImageNet-C.
"""

from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.training.classifier.augmentation import random_affine, random_erasing
from mememoji.training.classifier.classifier_config import AugmentationConfig

MISALIGNMENT: Final = AugmentationConfig(rotation=40.0, scale=0.25, shift=0.12)
"""The largest roll of a head, and the largest error of a detector's box."""

OCCLUSION_SIZES: Final = (0.25, 0.7)
"""Smallest and largest width and height of an occlusion, as fractions of the image size: glasses, a hand, a mask."""

MIN_GAIN: Final = 0.15
MAX_GAIN: Final = 1.8
MIN_CONTRAST: Final = 0.25
DOWNSAMPLED_SIZES: Final = (36, 28, 20, 15)
"""Pixels to which an image of 48 is downsampled."""

MAX_NOISE_STD: Final = 20.0
"""Standard deviation in gray levels."""

MIN_JPEG_QUALITY: Final = 10.0
MAX_JPEG_QUALITY: Final = 60.0

_JPEG_BLOCK: Final = 8
# ITU-T T.81 (1992), table K.1: quantization step of each frequency of luminance at quality 50.
_JPEG_LUMA_TABLE: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def corrupt(images: Tensor, prob: float, generator: torch.Generator) -> Tensor:
    """Corrupt each image of a batch: six corruptions, each with the same probability.

    Args:
        images: (N, 1, S, S) float32 in 0..255; S is a multiple of 8.
        prob: Probability of each corruption.
        generator: The source of randomness, on the images' device.

    Returns:
        (N, 1, S, S) float32, whole numbers in 0..255; `images` is not changed.
    """
    count, device = len(images), images.device
    event = torch.rand((5, count, 1, 1, 1), generator=generator, device=device) < prob
    gain_draw, contrast_draw, size_draw, noise_draw, quality_draw = torch.rand(
        (5, count, 1, 1, 1), generator=generator, device=device
    )
    out = random_erasing(images, prob, generator, OCCLUSION_SIZES)
    hflip_mask = torch.zeros(count, dtype=torch.bool, device=device)
    out = torch.where(event[4], random_affine(out, hflip_mask, MISALIGNMENT, generator), out)
    # Gains are sampled evenly on a log scale, so that half and double are equally far.
    gain = MIN_GAIN * (MAX_GAIN / MIN_GAIN) ** gain_draw
    mean = out.mean(dim=(1, 2, 3), keepdim=True)
    lit = ((out - mean) * (MIN_CONTRAST + (1 - MIN_CONTRAST) * contrast_draw) + mean) * gain
    out = torch.where(event[0], lit.clamp(0, 255), out)
    out = torch.where(event[1], downsample(out, size_draw), out)
    noise = torch.randn(images.shape, generator=generator, device=device) * (MAX_NOISE_STD * noise_draw)
    out = torch.where(event[2], out + noise, out).clamp(0, 255).round()
    quality = MIN_JPEG_QUALITY + (MAX_JPEG_QUALITY - MIN_JPEG_QUALITY) * quality_draw
    return torch.where(event[3], simulate_jpeg(out, quality), out).clamp(0, 255).round()


def simulate_jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Quantize gray images as JPEG does.

    Args:
        images: (N, 1, S, S) float32 in 0..255; S is a multiple of 8.
        quality: (N, 1, 1, 1) float32 in 1..100, on the scale of the Independent JPEG Group's library.

    Returns:
        (N, 1, S, S) float32, not rounded.
    """
    count, _, height, width = images.shape
    dct, steps_at_50 = _make_jpeg_tables(images.device)
    blocks = (images - 128).view(count, height // _JPEG_BLOCK, _JPEG_BLOCK, width // _JPEG_BLOCK, _JPEG_BLOCK)
    coefficients = torch.einsum("ua,nyaxb,vb->nyxuv", dct, blocks, dct)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50).view(count, 1, 1, 1, 1)
    steps = (steps_at_50 * factor).round().clamp(1, 255)
    quantized = (coefficients / steps).round() * steps
    return torch.einsum("ua,nyxuv,vb->nyaxb", dct, quantized, dct).reshape(images.shape) + 128


def downsample(images: Tensor, draw: Tensor) -> Tensor:
    """Downsample images to one of `DOWNSAMPLED_SIZES` and upsample them again, like the crop of a small face.

    Args:
        images: (N, 1, S, S) float32.
        draw: (N, 1, 1, 1) float32 in [0, 1), which selects the size.
    """
    full_size = images.shape[-1]
    out = images
    for index, size in enumerate(DOWNSAMPLED_SIZES):
        small = functional.interpolate(images, size=size * full_size // 48, mode="area")
        upsampled = functional.interpolate(small, size=full_size, mode="bilinear", align_corners=False)
        out = torch.where((draw * len(DOWNSAMPLED_SIZES)).floor() == index, upsampled, out)
    return out


@cache
def _make_jpeg_tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the orthonormal matrix of the cosine transform (8, 8) and the quantization steps at quality 50 (8, 8)."""
    index = torch.arange(_JPEG_BLOCK, device=device, dtype=torch.float32)
    dct = torch.cos((2 * index[None] + 1) * index[:, None] * torch.pi / (2 * _JPEG_BLOCK)) / 2
    dct[0] /= 2**0.5
    return dct, torch.tensor(_JPEG_LUMA_TABLE, dtype=torch.float32, device=device)

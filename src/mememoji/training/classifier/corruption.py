"""Wear: faces as boxes, hands, cameras, distance and compression leave them, made on the device they live on."""

from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.training.classifier.augmentation import erased, moved
from mememoji.training.classifier.classifier_config import Augmentation

ASKEW: Final = Augmentation(rotation=40.0, scale=0.25, shift=0.12)
"""How far a head may lean and a detector's box be off."""

COVERED: Final = (0.25, 0.7)
"""The sides of what hides a part of a face, as parts of the image's: glasses, a hand, a mask."""

DARKEST: Final = 0.15
BRIGHTEST: Final = 1.8
FLATTEST: Final = 0.25
SIZES: Final = (36, 28, 20, 15)
"""Pixels that an image of 48 may be left with."""

NOISIEST: Final = 20.0
"""Standard deviation in gray levels."""

WORST_QUALITY: Final = 10.0
BEST_QUALITY: Final = 60.0
"""Of JPEG."""

BLOCK: Final = 8
# ITU-T T.81 (1992), table K.1: how coarse each frequency of luminance is stored at quality 50.
_COARSE: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def worn(pictures: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Wear each image of a batch on its own.

    It is covered in part, askew, badly lit, short of detail, noisy and a JPEG, each with the same chance.

    Args:
        images: (N, 1, S, S) float32 in 0..255; S a multiple of 8.
        chance: of each of the six.
        generator: where chance comes from; of the images' device.

    Returns:
        (N, 1, S, S) float32, whole numbers in 0..255; the images handed in are left as they were.
    """
    count, where = len(pictures), pictures.device
    happens = torch.rand((5, count, 1, 1, 1), generator=generator, device=where) < chance
    first, second, third, fourth, fifth = torch.rand((5, count, 1, 1, 1), generator=generator, device=where)
    out = erased(pictures, chance, generator, COVERED)
    upright = torch.zeros(count, dtype=torch.bool, device=where)
    out = torch.where(happens[4], moved(out, upright, ASKEW, generator), out)
    # Gains are drawn evenly on a log scale, so that half and double are equally far.
    gain = DARKEST * (BRIGHTEST / DARKEST) ** first
    middle = out.mean(dim=(1, 2, 3), keepdim=True)
    lit = ((out - middle) * (FLATTEST + (1 - FLATTEST) * second) + middle) * gain
    out = torch.where(happens[0], lit.clamp(0, 255), out)
    out = torch.where(happens[1], _coarsened(out, third), out)
    noise = torch.randn(pictures.shape, generator=generator, device=where) * (NOISIEST * fourth)
    out = torch.where(happens[2], out + noise, out).clamp(0, 255).round()
    quality = WORST_QUALITY + (BEST_QUALITY - WORST_QUALITY) * fifth
    return torch.where(happens[3], compressed(out, quality), out).clamp(0, 255).round()


def compressed(pictures: Tensor, quality: Tensor) -> Tensor:
    """What JPEG leaves of gray images.

    Args:
        images: (N, 1, S, S) float32 in 0..255; S a multiple of 8.
        quality: (N, 1, 1, 1) float32 in 1..100, as the Independent JPEG Group's library counts.

    Returns:
        (N, 1, S, S) float32, not yet rounded.
    """
    count, _, height, width = pictures.shape
    cosines, coarse = _jpeg(pictures.device)
    blocks = (pictures - 128).view(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    frequencies = torch.einsum("ua,nyaxb,vb->nyxuv", cosines, blocks, cosines)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50).view(count, 1, 1, 1, 1)
    steps = (coarse * factor).round().clamp(1, 255)
    kept = (frequencies / steps).round() * steps
    return torch.einsum("ua,nyxuv,vb->nyaxb", cosines, kept, cosines).reshape(pictures.shape) + 128


def _coarsened(pictures: Tensor, which: Tensor) -> Tensor:
    """Shrunk to one of `SIZES` and grown again, as the crop of a small face is."""
    side = pictures.shape[-1]
    out = pictures
    for number, size in enumerate(SIZES):
        small = functional.interpolate(pictures, size=size * side // 48, mode="area")
        grown = functional.interpolate(small, size=side, mode="bilinear", align_corners=False)
        out = torch.where((which * len(SIZES)).floor() == number, grown, out)
    return out


@cache
def _jpeg(where: torch.device) -> tuple[Tensor, Tensor]:
    """The cosine transform's matrix (8, 8), orthonormal, and the coarseness of its frequencies (8, 8)."""
    place = torch.arange(BLOCK, device=where, dtype=torch.float32)
    cosines = torch.cos((2 * place[None] + 1) * place[:, None] * torch.pi / (2 * BLOCK)) / 2
    cosines[0] /= 2**0.5
    return cosines, torch.tensor(_COARSE, dtype=torch.float32, device=where)

"""Whole batches moved, turned, lit and partly erased, on the device they live on."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.training.classifier.classifier_config import Augmentation


def augment(
    pictures: Tensor, mirrored: Tensor, settings: Augmentation, generator: torch.Generator, *, size: int | None = None
) -> Tensor:
    """Change each image of a batch on its own.

    Args:
        images: (N, 1, S, S) float32 in 0..255.
        mirrored: (N,) bool, which images to mirror.
        settings: how far.
        generator: the source of randomness, on the images' device.
        size: width and height of the result, at most S: what lies around the center is context that a shifted, turned
            or larger crop shows. None keeps S.

    Returns:
        (N, 1, size, size) float32 in 0..255; the images passed in are left as they were.
    """
    out = moved(pictures, mirrored, settings, generator, size=size)
    if settings.light > 0:
        out = _lit(out, settings.light, generator)
    if settings.erasing > 0:
        out = erased(out, settings.erasing, generator)
    return out


def moved(
    pictures: Tensor, mirrored: Tensor, settings: Augmentation, generator: torch.Generator, *, size: int | None = None
) -> Tensor:
    """Turn, shift, size and mirror each image; arguments and result as `augment`'s."""
    count, _, _, whole = pictures.shape
    size = whole if size is None else size
    fraction = size / whole
    turn, zoom, right, down = torch.rand((4, count), generator=generator, device=pictures.device) * 2 - 1
    angle = turn * math.radians(settings.rotation)
    # Sizes are drawn evenly on a log scale, so that half and double are equally far; the grid takes the inverse.
    factor = fraction * torch.exp(zoom * math.log1p(settings.scale))
    flip = torch.where(mirrored, -1.0, 1.0)
    cos, sin = torch.cos(angle) * factor, torch.sin(angle) * factor
    # grid_sample's coordinates span -1..1, so a shift by a fraction of the result's size is twice that fraction.
    shift = fraction * 2 * settings.shift
    rows = torch.stack([cos * flip, -sin, right * shift, sin * flip, cos, down * shift], dim=1)
    grid = functional.affine_grid(rows.view(count, 2, 3), [count, 1, size, size], align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def _lit(pictures: Tensor, light: float, generator: torch.Generator) -> Tensor:
    brightness, contrast = torch.rand((2, len(pictures), 1, 1, 1), generator=generator, device=pictures.device) * 2 - 1
    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    lit = (pictures - middle) * (1 + contrast * light) + middle + brightness * light * 128
    return torch.clamp(lit, 0, 255)


def erased(
    pictures: Tensor, chance: float, generator: torch.Generator, sides: tuple[float, float] = (0.125, 0.375)
) -> Tensor:
    """Paint a gray rectangle over some images (Zhong et al. 2020, "Random Erasing Data Augmentation").

    Args:
        images: (N, 1, S, S) float32 in 0..255.
        chance: of a rectangle, for each image.
        generator: where chance comes from; of the images' device.
        sides: the shortest and the longest side of a rectangle, as parts of the image's. An eighth to three eighths
            hide an eye or a mouth, not a face.
    """
    count, _, height, width = pictures.shape
    drawn = torch.rand((6, count, 1, 1, 1), generator=generator, device=pictures.device)
    happens, x, y, wide, tall, gray = drawn
    columns = torch.arange(width, device=pictures.device).view(1, 1, 1, width)
    rows = torch.arange(height, device=pictures.device).view(1, 1, height, 1)
    least, more = sides[0], sides[1] - sides[0]
    half_width, half_height = (least + wide * more) * width / 2, (least + tall * more) * height / 2
    inside = ((columns - x * width).abs() < half_width) & ((rows - y * height).abs() < half_height)
    return torch.where(inside & (happens < chance), gray * 255, pictures)


def mixed(
    pictures: Tensor, targets: list[Tensor], alpha: float, generator: torch.Generator
) -> tuple[Tensor, list[Tensor]]:
    """Mixup: each image with the next one of the batch, targets likewise (Zhang et al. 2018).

    Args:
        images: (N, 1, S, S).
        targets: distributions, (N, C) each.
        alpha: of the Beta distribution that the batch's share is drawn from; positive.
        generator: where chance comes from; of the images' device.
    """
    # A ratio of two gammas is a beta; torch's own Beta takes no generator, which a resumed run needs.
    first, second = torch._standard_gamma(torch.full((2,), alpha, device=pictures.device), generator=generator)
    share = first / (first + second).clamp(min=1e-12)

    def mix(values: Tensor) -> Tensor:
        return torch.lerp(values.roll(1, dims=0), values, share)

    return mix(pictures), [mix(target) for target in targets]

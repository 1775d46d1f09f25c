"""Augmentation of image batches on their device: affine transforms, color jitter, erasing, mixup."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.training.classifier.classifier_config import AugmentationConfig


def augment(
    images: Tensor,
    hflip_mask: Tensor,
    config: AugmentationConfig,
    generator: torch.Generator,
    *,
    size: int | None = None,
) -> Tensor:
    """Apply affine transforms, color jitter and random erasing to each image of a batch.

    Args:
        images: (N, 1, S, S) float32 in 0..255.
        hflip_mask: (N,) bool, the images to mirror.
        config: Strength of the augmentation.
        generator: The source of randomness, on the images' device.
        size: Width and height of the result, at most S; the pixels around the center are context that a shifted,
            rotated or larger crop shows. None keeps S.

    Returns:
        (N, 1, size, size) float32 in 0..255; `images` is not changed.
    """
    out = random_affine(images, hflip_mask, config, generator, size=size)
    if config.brightness_contrast > 0:
        out = color_jitter(out, config.brightness_contrast, generator)
    if config.random_erasing_prob > 0:
        out = random_erasing(out, config.random_erasing_prob, generator)
    return out


def random_affine(
    images: Tensor,
    hflip_mask: Tensor,
    config: AugmentationConfig,
    generator: torch.Generator,
    *,
    size: int | None = None,
) -> Tensor:
    """Rotate, shift, scale and mirror each image; arguments and result are those of `augment`."""
    count, _, _, full_size = images.shape
    size = full_size if size is None else size
    fraction = size / full_size
    rotation, zoom, right, down = torch.rand((4, count), generator=generator, device=images.device) * 2 - 1
    angle = rotation * math.radians(config.rotation)
    # Scales are sampled evenly on a log scale, so that half and double are equally far; the grid takes the inverse.
    factor = fraction * torch.exp(zoom * math.log1p(config.scale))
    flip = torch.where(hflip_mask, -1.0, 1.0)
    cos, sin = torch.cos(angle) * factor, torch.sin(angle) * factor
    # grid_sample's coordinates span -1..1, so a shift by a fraction of the result's size is twice that fraction.
    shift = fraction * 2 * config.shift
    rows = torch.stack([cos * flip, -sin, right * shift, sin * flip, cos, down * shift], dim=1)
    grid = functional.affine_grid(rows.view(count, 2, 3), [count, 1, size, size], align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def color_jitter(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change the brightness and contrast of each image by up to `strength`; (N, 1, S, S) float32 in 0..255."""
    brightness, contrast = torch.rand((2, len(images), 1, 1, 1), generator=generator, device=images.device) * 2 - 1
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    out = (images - mean) * (1 + contrast * strength) + mean + brightness * strength * 128
    return torch.clamp(out, 0, 255)


def random_erasing(
    images: Tensor, prob: float, generator: torch.Generator, size_range: tuple[float, float] = (0.125, 0.375)
) -> Tensor:
    """Paint a gray rectangle over some images (Zhong et al. 2020, "Random Erasing Data Augmentation").

    Args:
        images: (N, 1, S, S) float32 in 0..255.
        prob: Probability of a rectangle, for each image.
        generator: The source of randomness, on the images' device.
        size_range: Smallest and largest width and height of a rectangle, as fractions of the image size. An eighth to
            three eighths hide an eye or a mouth, but not a face.
    """
    count, _, height, width = images.shape
    drawn = torch.rand((6, count, 1, 1, 1), generator=generator, device=images.device)
    event, x, y, wide, tall, gray = drawn
    columns = torch.arange(width, device=images.device).view(1, 1, 1, width)
    rows = torch.arange(height, device=images.device).view(1, 1, height, 1)
    min_size, extent = size_range[0], size_range[1] - size_range[0]
    half_width, half_height = (min_size + wide * extent) * width / 2, (min_size + tall * extent) * height / 2
    inside = ((columns - x * width).abs() < half_width) & ((rows - y * height).abs() < half_height)
    return torch.where(inside & (event < prob), gray * 255, images)


def mixup(
    images: Tensor, targets: list[Tensor], alpha: float, generator: torch.Generator
) -> tuple[Tensor, list[Tensor]]:
    """Mix each image and its targets with the next one of the batch (Zhang et al. 2018, "mixup").

    Args:
        images: (N, 1, S, S).
        targets: Distributions, (N, C) each.
        alpha: Parameter of the Beta distribution from which the batch's mixing weight is sampled; positive.
        generator: The source of randomness, on the images' device.
    """
    # A ratio of two gammas is a beta; torch's own Beta takes no generator, which a resumed run needs.
    first, second = torch._standard_gamma(torch.full((2,), alpha, device=images.device), generator=generator)
    weight = first / (first + second).clamp(min=1e-12)

    def mix(values: Tensor) -> Tensor:
        return torch.lerp(values.roll(1, dims=0), values, weight)

    return mix(images), [mix(target) for target in targets]

"""Photometric distortion: color, light and camera artifacts, independent of the faces."""

import math

import cv2
import numpy as np

from mememoji.training.detector.detector_config import DetectorAugmentationConfig
from mememoji.types import UInt8Array


def photometric_distort(image: UInt8Array, config: DetectorAugmentationConfig, rng: np.random.Generator) -> UInt8Array:
    """Return a distorted copy of an RGB image (H, W, 3) uint8."""
    draws = rng.random(6)
    out = _color_jitter(image, config.color_jitter, rng, low_light=bool(draws[0] < config.low_light_prob))
    if draws[1] < config.grayscale_prob:
        out = np.asarray(cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    if draws[2] < config.gradient_light_prob:
        out = _add_gradient_light(out, rng)
    if draws[3] < config.blur_prob:
        out = _blur(out, rng)
    if draws[4] < config.noise_prob:
        noise = rng.normal(0, rng.uniform(4, 16), (*out.shape[:2], 1)).astype(np.float32)
        out = np.clip(out + noise, 0, 255).astype(np.uint8)
    if draws[5] < config.jpeg_prob:
        out = _compress_jpeg(out, rng)
    return out


def _color_jitter(image: UInt8Array, strength: float, rng: np.random.Generator, *, low_light: bool) -> UInt8Array:
    """Change contrast, brightness and color gains in one lookup table; `low_light` also underexposes the image."""
    levels = np.arange(256, dtype=np.float64)[:, None]  # (256, 1)
    gains = np.exp(rng.uniform(-0.15, 0.15, 3) * strength)  # (3,)
    contrast, brightness = math.exp(rng.uniform(-0.35, 0.35) * strength), rng.uniform(-35, 35) * strength
    table = (levels * gains - 128) * contrast + 128 + brightness
    if low_light:
        table = 255 * np.power(np.clip(table, 0, 255) / 255, rng.uniform(1.0, 2.0)) * rng.uniform(0.15, 0.6)
    return np.asarray(cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None]), np.uint8)


def _add_gradient_light(image: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    """Darken one side of the image and brighten the other."""
    height, width = image.shape[:2]
    angle = rng.uniform(0, 2 * math.pi)
    x = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(angle)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(angle)
    gain = 1 + (x + y)[..., None] * rng.uniform(0.3, 0.8)
    return np.clip(image * gain, 0, 255).astype(np.uint8)


def _blur(image: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    """Apply defocus or motion blur."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 2.2)), np.uint8)
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, math.pi)
    half = (length - 1) / 2
    ends = [
        (round(half + sign * half * math.cos(angle)), round(half + sign * half * math.sin(angle))) for sign in (-1, 1)
    ]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def _compress_jpeg(image: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    """Encode and decode the image as a low-quality JPEG."""
    quality = int(rng.integers(20, 80))
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)

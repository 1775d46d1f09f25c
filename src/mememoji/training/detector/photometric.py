"""Light, color and the camera's faults: what an image's pixels go through, wherever its faces are."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.training.detector.detector_config import SceneSettings

Image = npt.NDArray[np.uint8]


def relight(image: Image, settings: SceneSettings, rng: np.random.Generator) -> Image:
    """Change an image (H, W, 3) uint8 RGB; gives a new one of the same shape."""
    chances = rng.random(6)
    out = _toned(image, settings.tone, rng, dark=bool(chances[0] < settings.dark))
    if chances[1] < settings.gray:
        out = np.asarray(cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    if chances[2] < settings.side_light:
        out = _lit_from_a_side(out, rng)
    if chances[3] < settings.blur:
        out = _blurred(out, rng)
    if chances[4] < settings.noise:
        grains = rng.normal(0, rng.uniform(4, 16), (*out.shape[:2], 1)).astype(np.float32)
        out = np.clip(out + grains, 0, 255).astype(np.uint8)
    if chances[5] < settings.jpeg:
        out = _packed(out, rng)
    return out


def _toned(image: Image, tone: float, rng: np.random.Generator, *, dark: bool) -> Image:
    """Contrast, brightness and each color's strength, through one table; `dark` is dusk or worse."""
    levels = np.arange(256, dtype=np.float64)[:, None]  # (256, 1)
    gains = np.exp(rng.uniform(-0.15, 0.15, 3) * tone)  # (3,)
    contrast, brightness = math.exp(rng.uniform(-0.35, 0.35) * tone), rng.uniform(-35, 35) * tone
    table = (levels * gains - 128) * contrast + 128 + brightness
    if dark:
        table = 255 * np.power(np.clip(table, 0, 255) / 255, rng.uniform(1.0, 2.0)) * rng.uniform(0.15, 0.6)
    return np.asarray(cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None]), np.uint8)


def _lit_from_a_side(image: Image, rng: np.random.Generator) -> Image:
    """A slope of light across the image: one side in shade, the other bright."""
    height, width = image.shape[:2]
    angle = rng.uniform(0, 2 * math.pi)
    x = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(angle)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(angle)
    slope = 1 + (x + y)[..., None] * rng.uniform(0.3, 0.8)
    return np.clip(image * slope, 0, 255).astype(np.uint8)


def _blurred(image: Image, rng: np.random.Generator) -> Image:
    """Out of focus, or moved while the shutter was open."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 2.2)), np.uint8)
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, math.pi)
    reach = (length - 1) / 2
    ends = [
        (round(reach + sign * reach * math.cos(angle)), round(reach + sign * reach * math.sin(angle)))
        for sign in (-1, 1)
    ]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def _packed(image: Image, rng: np.random.Generator) -> Image:
    """Through JPEG at a poor quality, and back."""
    quality = int(rng.integers(20, 80))
    done, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)

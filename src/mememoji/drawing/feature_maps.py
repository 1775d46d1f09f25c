"""Figures of feature maps as tiles, and of class activation maps over a face."""

from typing import Final

import cv2
import numpy as np

from mememoji.drawing.canvas import Canvas, text_width
from mememoji.image_io import RGBImage
from mememoji.types import FloatArray, UInt8Array

MAP_SIZE: Final = 72
"""The size of a feature map in the figure, in pixels."""

MAX_CHANNELS: Final = 47
"""The default for the largest number of channels to draw: with the crop they fill four rows."""

FACE_SIZE: Final = 168
"""The size of a face under its class activation map, in pixels."""

_GAP: Final = 4
_MARGIN: Final = 12
_TITLE_HEIGHT: Final = 26
_BACKGROUND: Final = 255
_TEXT: Final = (35, 39, 46)


def draw_feature_maps(
    crop: UInt8Array, maps: FloatArray, layer: str, *, max_channels: int = MAX_CHANNELS, columns: int = 12
) -> RGBImage:
    """Draw a crop and the feature maps of a layer, the channels with the largest standard deviation first.

    Args:
        crop: The input of the network, (S, S) uint8.
        maps: The feature maps of the crop, (C, H, W); each channel is scaled to its own range, dark to bright.
        layer: The name of the layer, for the title.
        max_channels: The largest number of channels to draw.
        columns: The number of tiles in a row.

    Returns:
        (height, width, 3) uint8 RGB on white.
    """
    channels, height, width = maps.shape
    order = np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:max_channels]
    count = f"{len(order)} of {channels} channels" if len(order) < channels else f"{channels} channels"
    title = f"{layer}: {count} of {width}x{height}, highest variance first"
    tiles = [_resize_crop(crop, MAP_SIZE), *(_color_channel(maps[index]) for index in order)]
    return _arrange_tiles(tiles, [""] * len(tiles), title, columns, MAP_SIZE)


def draw_class_activation_maps(
    crop: UInt8Array, activations: dict[str, FloatArray], title: str, *, columns: int = 4
) -> RGBImage:
    """Draw a crop alone and under each class activation map.

    Args:
        crop: The input of the network, (S, S) uint8.
        activations: The map (H, W) for each caption; positive values are drawn over the face, on one common scale.
        title: The title of the figure.
        columns: The number of faces in a row.

    Returns:
        (height, width, 3) uint8 RGB on white.
    """
    max_value = max((float(values.max()) for values in activations.values()), default=0.0)
    face = _resize_crop(crop, FACE_SIZE)
    tiles = [face, *(_overlay_activation(face, values, max_value) for values in activations.values())]
    return _arrange_tiles(tiles, ["", *activations], title, columns, FACE_SIZE)


def _arrange_tiles(tiles: list[RGBImage], captions: list[str], title: str, columns: int, size: int) -> RGBImage:
    caption_height = 22 if any(captions) else 0
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    width = 2 * _MARGIN + columns * (size + _GAP) - _GAP
    width = max(width, int(text_width(title, 15)) + 2 * _MARGIN)
    height = 2 * _MARGIN + _TITLE_HEIGHT + rows * (size + caption_height + _GAP) - _GAP
    canvas = Canvas(np.full((height, width, 3), _BACKGROUND, np.uint8))
    canvas.text(_MARGIN, _MARGIN + 14, title, 15, _TEXT)
    for index, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        row, column = divmod(index, columns)
        x, y = _MARGIN + column * (size + _GAP), _MARGIN + _TITLE_HEIGHT + row * (size + caption_height + _GAP)
        canvas.pixels[y : y + size, x : x + size] = tile
        if caption:
            canvas.text(x, y + size + 16, caption, 13, _TEXT)
    return canvas.pixels


def _resize_crop(crop: UInt8Array, size: int) -> RGBImage:
    large = cv2.resize(crop, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.repeat(large[:, :, None], 3, axis=2), np.uint8)


def _color_channel(values: FloatArray) -> RGBImage:
    low, high = float(values.min()), float(values.max())
    levels = np.zeros(values.shape) if high <= low else (values - low) / (high - low)
    # Pixels stay visible, because interpolation would suggest a resolution that the layer does not have.
    large = cv2.resize(np.rint(255 * levels).astype(np.uint8), (MAP_SIZE, MAP_SIZE), interpolation=cv2.INTER_NEAREST)
    return _apply_viridis(np.asarray(large, np.uint8))


def _overlay_activation(face: RGBImage, values: FloatArray, max_value: float) -> RGBImage:
    relative = np.clip(values / max_value, 0, 1) if max_value > 0 else np.zeros(values.shape)
    face_wh = face.shape[1::-1]
    large = np.asarray(cv2.resize(relative.astype(np.float32), face_wh, interpolation=cv2.INTER_CUBIC), np.float32)
    smooth = np.clip(large, 0, 1)
    colors = np.asarray(cv2.cvtColor(cv2.applyColorMap(_to_uint8(smooth), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB))
    alpha = 0.75 * np.sqrt(smooth)[:, :, None]
    return np.asarray(np.rint(face * (1 - alpha) + colors * alpha), np.uint8)


def _apply_viridis(levels: UInt8Array) -> RGBImage:
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB), np.uint8)


def _to_uint8(fractions: FloatArray) -> UInt8Array:
    return np.rint(255 * fractions).astype(np.uint8)

"""Feature maps as tiles, and class activation maps over a face."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.drawing.canvas import Canvas, text_width
from mememoji.image_io import RGBImage

TILE: Final = 72
"""A map's side in the image, in pixels."""

AT_MOST: Final = 47
"""How many maps are drawn if not said: with the crop they fill four rows."""

FACE: Final = 168
"""A face's side under its activation, in pixels."""

_GAP: Final = 4
_MARGIN: Final = 12
_TITLE: Final = 26
_PAPER: Final = 255
_INK: Final = (35, 39, 46)

Floats = npt.NDArray[np.floating]


def draw_maps(
    crop: npt.NDArray[np.uint8], maps: Floats, layer: str, *, at_most: int = AT_MOST, columns: int = 12
) -> RGBImage:
    """The crop, and after it a layer's maps, those that vary most first.

    Args:
        crop: (side, side) uint8, what the network saw.
        maps: (C, H, W), one crop's; each tile spans its own range, dark to bright.
        layer: its name, for the title.
        at_most: how many maps are drawn.
        columns: tiles in a row.

    Returns:
        (height, width, 3) uint8 RGB on white.
    """
    count, high, wide = maps.shape
    order = np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:at_most]
    part = f"the {len(order)} of {count} maps" if len(order) < count else f"{count} maps"
    title = f"{layer}: {part} of {wide}x{high}, most varied first"
    tiles = [_gray(crop, TILE), *(_colored(maps[index]) for index in order)]
    return _sheet(tiles, [""] * len(tiles), title, columns, TILE)


def draw_activations(
    crop: npt.NDArray[np.uint8], activations: dict[str, Floats], title: str, *, columns: int = 4
) -> RGBImage:
    """The crop, and after it the same under each activation map.

    Args:
        crop: (side, side) uint8.
        activations: caption to (H, W); what speaks for the class is laid over the face, on one scale for all.
        title: a line over the faces.
        columns: faces in a row.

    Returns:
        (height, width, 3) uint8 RGB on white.
    """
    strongest = max((float(values.max()) for values in activations.values()), default=0.0)
    face = _gray(crop, FACE)
    tiles = [face, *(_overlaid(face, values, strongest) for values in activations.values())]
    return _sheet(tiles, ["", *activations], title, columns, FACE)


def _sheet(tiles: list[RGBImage], captions: list[str], title: str, columns: int, side: int) -> RGBImage:
    line = 22 if any(captions) else 0
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    wide = 2 * _MARGIN + columns * (side + _GAP) - _GAP
    wide = max(wide, int(text_width(title, 15)) + 2 * _MARGIN)
    high = 2 * _MARGIN + _TITLE + rows * (side + line + _GAP) - _GAP
    canvas = Canvas(np.full((high, wide, 3), _PAPER, np.uint8))
    canvas.text(_MARGIN, _MARGIN + 14, title, 15, _INK)
    for index, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        row, column = divmod(index, columns)
        x, y = _MARGIN + column * (side + _GAP), _MARGIN + _TITLE + row * (side + line + _GAP)
        canvas.pixels[y : y + side, x : x + side] = tile
        if caption:
            canvas.text(x, y + side + 16, caption, 13, _INK)
    return canvas.pixels


def _gray(crop: npt.NDArray[np.uint8], side: int) -> RGBImage:
    large = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.repeat(large[:, :, None], 3, axis=2), np.uint8)


def _colored(values: Floats) -> RGBImage:
    low, high = float(values.min()), float(values.max())
    levels = np.zeros(values.shape) if high <= low else (values - low) / (high - low)
    # Pixels stay visible: smoothing would show detail that the layer does not have.
    large = cv2.resize(np.rint(255 * levels).astype(np.uint8), (TILE, TILE), interpolation=cv2.INTER_NEAREST)
    return _viridis(np.asarray(large, np.uint8))


def _overlaid(face: RGBImage, values: Floats, strongest: float) -> RGBImage:
    share = np.clip(values / strongest, 0, 1) if strongest > 0 else np.zeros(values.shape)
    size = face.shape[1::-1]
    large = np.asarray(cv2.resize(share.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), np.float32)
    smooth = np.clip(large, 0, 1)
    colors = np.asarray(cv2.cvtColor(cv2.applyColorMap(_levels(smooth), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB))
    cover = 0.75 * np.sqrt(smooth)[:, :, None]
    return np.asarray(np.rint(face * (1 - cover) + colors * cover), np.uint8)


def _viridis(levels: npt.NDArray[np.uint8]) -> RGBImage:
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB), np.uint8)


def _levels(shares: Floats) -> npt.NDArray[np.uint8]:
    return np.rint(255 * shares).astype(np.uint8)

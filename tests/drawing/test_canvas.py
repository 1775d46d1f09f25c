"""Antialiased shapes and text on a copy of an image."""

import numpy as np
import pytest

from mememoji.drawing.canvas import WHITE, Canvas, hex_to_rgb, text_width

BLACK = np.zeros((40, 60, 3), np.uint8)
RED = (255, 0, 0)


def test_canvas_does_not_change_its_input() -> None:
    image = BLACK.copy()
    canvas = Canvas(image)
    canvas.fill((0, 0, 60, 40), 0, WHITE)
    assert not image.any()
    assert (canvas.pixels == 255).all()


@pytest.mark.parametrize("rect", [(-50, -50, -20, -20), (80, 10, 90, 20), (10, 60, 20, 70)])
def test_canvas_shapes_outside_the_image_are_ignored(rect: tuple[float, float, float, float]) -> None:
    canvas = Canvas(BLACK)
    canvas.fill(rect, 3, WHITE)
    canvas.outline(rect, 3, 2, WHITE)
    canvas.text(rect[0], rect[1], "i", 10, WHITE)
    assert not canvas.pixels.any()


def test_fill_is_cropped_at_the_edges() -> None:
    canvas = Canvas(BLACK)
    canvas.fill((-10, -10, 5, 5), 0, RED)
    assert (canvas.pixels[:5, :5] == RED).all()
    assert not canvas.pixels[5:].any()
    assert not canvas.pixels[:, 5:].any()


def test_fill_half_a_pixel_is_half_covered() -> None:
    canvas = Canvas(BLACK)
    canvas.fill((10, 10, 20.5, 20), 0, WHITE)
    assert canvas.pixels[15, 19, 0] == 255
    assert int(canvas.pixels[15, 20, 0]) == pytest.approx(127, abs=1)
    assert canvas.pixels[15, 21, 0] == 0


def test_fill_opacity_blends_colors() -> None:
    canvas = Canvas(np.full((20, 20, 3), 100, np.uint8))
    canvas.fill((0, 0, 20, 20), 0, (200, 100, 0), 0.25)
    assert canvas.pixels[10, 10].tolist() == [125, 100, 75]


def test_fill_corners_are_round() -> None:
    canvas = Canvas(BLACK)
    canvas.fill((10, 10, 30, 30), 10, WHITE)
    assert not canvas.pixels[10, 10].any()
    assert (canvas.pixels[20, 20] == 255).all()
    # A circle of radius 10.
    assert canvas.pixels[..., 0].sum() / 255 == pytest.approx(np.pi * 100, rel=0.01)


def test_fill_ends_at_max_x() -> None:
    canvas = Canvas(BLACK)
    canvas.fill((10, 10, 50, 20), 5, WHITE, max_x=30)
    assert (canvas.pixels[15, 12:30] == 255).all()
    assert not canvas.pixels[:, 30:].any()


@pytest.mark.parametrize("size", [20, 300])
def test_outline_does_not_change_the_inside(size: int) -> None:
    canvas = Canvas(np.zeros((size + 20, size + 20, 3), np.uint8))
    canvas.outline((10, 10, 10 + size, 10 + size), 0, 2, WHITE)
    drawn = canvas.pixels[..., 0] == 255
    assert drawn[9, 12:-12].all()
    assert drawn[10, 12:-12].all()
    assert not drawn[12:-12, 12:-12].any()
    # Each pixel is drawn once; with an opaque line, corners that are drawn twice would not be visible.
    faint = Canvas(np.zeros((size + 20, size + 20, 3), np.uint8))
    faint.outline((10, 10, 10 + size, 10 + size), 0, 2, WHITE, 0.5)
    assert faint.pixels.max() <= 128


def test_text_starts_at_x_on_the_baseline() -> None:
    canvas = Canvas(BLACK)
    canvas.text(5, 30, "happy", 14, WHITE)
    ys, xs = np.nonzero(canvas.pixels[..., 0] > 60)
    assert 4 <= xs.min() <= 8
    assert xs.max() <= 5 + text_width("happy", 14) + 1
    assert ys.min() >= 30 - 14
    assert ys.max() <= 30 + 5


def test_text_width_is_proportional_to_the_size() -> None:
    assert text_width("", 20) == 0
    assert text_width("happy", 20) == pytest.approx(2 * text_width("happy", 10), rel=0.03)


def test_hex_to_rgb_returns_three_integers() -> None:
    assert hex_to_rgb("#0a80ff") == (10, 128, 255)

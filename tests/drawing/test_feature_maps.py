"""Figures of feature maps and class activation maps."""

import numpy as np
import pytest

from mememoji.drawing.feature_maps import FACE_SIZE, MAP_SIZE, draw_class_activation_maps, draw_feature_maps

CROP = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48).astype(np.uint8)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (11, 1), (12, 2), (60, 4)])
def test_draw_feature_maps_fills_rows_up_to_max_channels(count: int, rows: int) -> None:
    maps = np.random.default_rng(count).random((count, 6, 6))
    figure = draw_feature_maps(CROP, maps, "stage")
    assert figure.dtype == np.uint8
    assert rows * MAP_SIZE < figure.shape[0] < (rows + 1) * (MAP_SIZE + 8)


def test_draw_feature_maps_constant_map_is_dark_and_last() -> None:
    maps = np.zeros((2, 4, 4))
    maps[1, 0, 0] = 5.0
    figure = draw_feature_maps(CROP, maps, "stage", columns=3)
    dark = (68, 1, 84)
    tiles = figure[-12 - MAP_SIZE : -12]
    assert (tiles[-5, 12 + MAP_SIZE + 4 + MAP_SIZE // 2] == dark).all()
    assert (tiles[2, 12 + MAP_SIZE + 4 + 2] != dark).any()
    assert (tiles[2, 12 + 2 * (MAP_SIZE + 4) + 2] == dark).all()


def test_draw_class_activation_maps_negative_values_change_nothing() -> None:
    figure = draw_class_activation_maps(CROP, {"for": np.eye(6), "against": -np.ones((6, 6))}, "title")
    faces = [
        figure[38 : 38 + FACE_SIZE, 12 + n * (FACE_SIZE + 4) : 12 + n * (FACE_SIZE + 4) + FACE_SIZE] for n in range(3)
    ]
    np.testing.assert_array_equal(faces[0], faces[2])
    assert (faces[0] != faces[1]).any()

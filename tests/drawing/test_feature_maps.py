"""Sheets of feature maps and activations."""

import numpy as np
import pytest

from mememoji.drawing.feature_maps import FACE, TILE, draw_activations, draw_maps

CROP = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48).astype(np.uint8)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (11, 1), (12, 2), (60, 4)])
def test_maps_fill_rows_and_no_more_than_asked_for(count: int, rows: int) -> None:
    maps = np.random.default_rng(count).random((count, 6, 6))
    sheet = draw_maps(CROP, maps, "stage")
    assert sheet.dtype == np.uint8
    assert rows * TILE < sheet.shape[0] < (rows + 1) * (TILE + 8)


def test_a_map_of_nothing_is_dark_and_the_most_varied_come_first() -> None:
    maps = np.zeros((2, 4, 4))
    maps[1, 0, 0] = 5.0
    sheet = draw_maps(CROP, maps, "stage", columns=3)
    dark = (68, 1, 84)
    tiles = sheet[-12 - TILE : -12]
    assert (tiles[-5, 12 + TILE + 4 + TILE // 2] == dark).all()
    assert (tiles[2, 12 + TILE + 4 + 2] != dark).any()
    assert (tiles[2, 12 + 2 * (TILE + 4) + 2] == dark).all()


def test_what_speaks_against_leaves_the_face_as_it_is() -> None:
    sheet = draw_activations(CROP, {"for": np.eye(6), "against": -np.ones((6, 6))}, "title")
    faces = [sheet[38 : 38 + FACE, 12 + n * (FACE + 4) : 12 + n * (FACE + 4) + FACE] for n in range(3)]
    np.testing.assert_array_equal(faces[0], faces[2])
    assert (faces[0] != faces[1]).any()

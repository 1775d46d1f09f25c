"""Placement of panels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.drawing.layout import place_panels

SIZES = st.floats(5, 200)


def test_place_panels_without_boxes_returns_an_empty_layout() -> None:
    layout = place_panels([], [], (100, 100), gap=4)
    assert layout is not None
    assert (layout.panels, layout.cost) == ((), 0)


def test_place_panels_panel_larger_than_the_image_returns_none() -> None:
    assert place_panels([(10, 10, 20, 20)], [(101, 20)], (100, 100), gap=4) is None
    assert place_panels([(10, 10, 20, 20)], [(20, 101)], (100, 100), gap=4) is None


def test_place_panels_high_panel_is_right_of_its_box_wide_one_below() -> None:
    box = (40.0, 40.0, 80.0, 80.0)
    high = place_panels([box], [(30, 50)], (200, 200), gap=4)
    wide = place_panels([box], [(60, 20)], (200, 200), gap=4)
    assert high is not None
    assert wide is not None
    assert high.panels == ((84, 35, 114, 85),)
    assert wide.panels == ((30, 84, 90, 104),)


def test_place_panels_at_the_right_edge_is_left_of_its_box() -> None:
    layout = place_panels([(150, 40, 196, 80)], [(50, 60)], (200, 200), gap=4)
    assert layout is not None
    assert layout.panels[0] is not None
    assert layout.panels[0][2] <= 150
    assert layout.cost == 0


def test_place_panels_avoids_other_boxes_and_panels() -> None:
    boxes = [(20.0, 60.0, 60.0, 100.0), (80.0, 60.0, 120.0, 100.0), (140.0, 60.0, 180.0, 100.0)]
    layout = place_panels(boxes, [(50, 30)] * 3, (300, 200), gap=4)
    assert layout is not None
    assert layout.cost == 0


def test_place_panels_cost_is_the_covered_fraction_of_the_box() -> None:
    layout = place_panels([(0, 0, 100, 100)], [(50, 20)], (100, 100), gap=4)
    assert layout is not None
    assert layout.cost == pytest.approx(0.1)


def test_place_panels_keep_clear_moves_or_omits_panels() -> None:
    box = (40.0, 40.0, 80.0, 80.0)
    moved = place_panels([box], [(30, 50)], (200, 200), gap=4, keep_clear=[box, (80, 0, 200, 200)])
    assert moved is not None
    assert moved.panels == ((6, 35, 36, 85),)
    omitted = place_panels([box, box], [(30, 50), (190, 190)], (200, 200), gap=4, keep_clear=[box])
    assert omitted is not None
    assert omitted.panels[0] is not None
    assert omitted.panels[1] is None
    assert omitted.cost >= 1


@settings(max_examples=50)
@given(st.data())
def test_place_panels_are_inside_the_image_with_their_size(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(200, 400)), data.draw(st.integers(200, 400))
    corners = st.tuples(st.floats(0, width - 20), st.floats(0, height - 20))
    starts = data.draw(st.lists(corners, max_size=6))
    sizes = [data.draw(st.tuples(SIZES, SIZES)) for _ in starts]
    boxes = [(x, y, x + 20, y + 20) for x, y in starts]
    layout = place_panels(boxes, sizes, (width, height), gap=data.draw(st.floats(0, 20)))
    assert layout is not None
    for panel, size in zip(layout.panels, sizes, strict=True):
        assert panel is not None
        left, top, right, bottom = panel
        assert min(left, top) >= -1e-6
        assert right <= width + 1e-6
        assert bottom <= height + 1e-6
        np.testing.assert_allclose((right - left, bottom - top), size, atol=1e-6)

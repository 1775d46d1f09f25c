"""Where the panels go."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.drawing.layout import place_panels

SIDES = st.floats(5, 200)


def test_no_faces_need_no_places() -> None:
    layout = place_panels([], [], (100, 100), gap=4)
    assert layout is not None
    assert (layout.places, layout.cost) == ((), 0)


def test_a_panel_larger_than_the_picture_has_no_place() -> None:
    assert place_panels([(10, 10, 20, 20)], [(101, 20)], (100, 100), gap=4) is None
    assert place_panels([(10, 10, 20, 20)], [(20, 101)], (100, 100), gap=4) is None


def test_a_high_panel_stands_right_of_its_face_a_wide_one_under_it() -> None:
    box = (40.0, 40.0, 80.0, 80.0)
    high = place_panels([box], [(30, 50)], (200, 200), gap=4)
    wide = place_panels([box], [(60, 20)], (200, 200), gap=4)
    assert high is not None
    assert wide is not None
    assert high.places == ((84, 35, 114, 85),)
    assert wide.places == ((30, 84, 90, 104),)


def test_at_the_right_edge_it_stands_left() -> None:
    layout = place_panels([(150, 40, 196, 80)], [(50, 60)], (200, 200), gap=4)
    assert layout is not None
    assert layout.places[0][2] <= 150
    assert layout.cost == 0


def test_panels_keep_off_other_faces_and_each_other() -> None:
    boxes = [(20.0, 60.0, 60.0, 100.0), (80.0, 60.0, 120.0, 100.0), (140.0, 60.0, 180.0, 100.0)]
    layout = place_panels(boxes, [(50, 30)] * 3, (300, 200), gap=4)
    assert layout is not None
    assert layout.cost == 0


def test_a_face_that_fills_the_picture_costs_what_the_panel_hides_of_it() -> None:
    layout = place_panels([(0, 0, 100, 100)], [(50, 20)], (100, 100), gap=4)
    assert layout is not None
    assert layout.cost == pytest.approx(0.1)


@settings(max_examples=50)
@given(st.data())
def test_panels_lie_inside_the_picture_with_their_size(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(200, 400)), data.draw(st.integers(200, 400))
    corners = st.tuples(st.floats(0, width - 20), st.floats(0, height - 20))
    starts = data.draw(st.lists(corners, max_size=6))
    sizes = [data.draw(st.tuples(SIDES, SIDES)) for _ in starts]
    boxes = [(x, y, x + 20, y + 20) for x, y in starts]
    layout = place_panels(boxes, sizes, (width, height), gap=data.draw(st.floats(0, 20)))
    assert layout is not None
    for (left, top, right, bottom), size in zip(layout.places, sizes, strict=True):
        assert min(left, top) >= -1e-6
        assert right <= width + 1e-6
        assert bottom <= height + 1e-6
        np.testing.assert_allclose((right - left, bottom - top), size, atol=1e-6)

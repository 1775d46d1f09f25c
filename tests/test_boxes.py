"""Box arithmetic: each function first with no boxes at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.boxes import (
    box_area,
    box_intersection,
    box_ios,
    box_iou,
    clip_boxes,
    nms,
    nms_by_ios,
    transform_boxes,
    transform_regions,
    xywh_to_xyxy,
)
from mememoji.types import Float32Array, Float64Array

EMPTY = np.zeros((0, 4), np.float32)
NO_SCORES = np.zeros(0, np.float32)
UNIT = np.eye(2)
QUARTER_TURN = np.array(((0.0, -1.0), (1.0, 0.0)))
EIGHTH_TURN = np.array(((1.0, -1.0), (1.0, 1.0))) / np.sqrt(2)


def boxes(*rows: tuple[float, float, float, float]) -> Float32Array:
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("xywh", "expected"), [(EMPTY, EMPTY), (boxes((2, 3, 10, 20)), boxes((2, 3, 12, 23)))], ids=["empty", "one"]
)
def test_xywh_to_xyxy_returns_the_corners(xywh: Float32Array, expected: Float32Array) -> None:
    assert np.array_equal(xywh_to_xyxy(xywh), expected)
    assert xywh_to_xyxy(xywh).shape == expected.shape


@pytest.mark.parametrize(("before", "expected"), [(EMPTY, []), (boxes((0, 0, 2, 3), (1, 1, 1, 9)), [6, 0])])
def test_box_area_is_width_times_height(before: Float32Array, expected: list[float]) -> None:
    assert box_area(before).tolist() == expected


PAIRS = [
    pytest.param(EMPTY, EMPTY, np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0)), id="empty"),
    pytest.param(EMPTY, boxes((0, 0, 1, 1)), np.zeros((0, 1)), np.zeros((0, 1)), np.zeros((0, 1)), id="one side empty"),
    pytest.param(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4)), [[16]], [[1]], [[1]], id="equal"),
    pytest.param(boxes((0, 0, 4, 4)), boxes((4, 0, 8, 4)), [[0]], [[0]], [[0]], id="touching"),
    pytest.param(boxes((0, 0, 4, 4)), boxes((9, 9, 10, 10)), [[0]], [[0]], [[0]], id="apart"),
    pytest.param(boxes((0, 0, 4, 4)), boxes((1, 1, 3, 3)), [[4]], [[0.25]], [[1]], id="nested"),
    pytest.param(
        boxes((0, 0, 4, 4), (0, 0, 2, 2)), boxes((2, 0, 6, 4)), [[8], [0]], [[8 / 24], [0]], [[0.5], [0]], id="two"
    ),
    pytest.param(boxes((1, 1, 1, 1)), boxes((1, 1, 1, 1)), [[0]], [[0]], [[0]], id="without area"),
]


@pytest.mark.parametrize(("a", "b", "intersection", "iou", "ios"), PAIRS)
def test_box_overlaps_are_pairwise(
    a: Float32Array, b: Float32Array, intersection: list[list[float]], iou: list[list[float]], ios: list[list[float]]
) -> None:
    for found, expected in ((box_intersection(a, b), intersection), (box_iou(a, b), iou), (box_ios(a, b), ios)):
        assert found.shape == (len(a), len(b))
        assert np.allclose(found, expected)


def test_box_iou_of_float32_boxes_is_float32() -> None:
    assert box_iou(EMPTY, EMPTY).dtype == np.float32


@pytest.mark.parametrize(
    ("before", "scores", "expected"),
    [
        pytest.param(EMPTY, [], [], id="empty"),
        pytest.param(boxes((0, 0, 10, 10)), [0.5], [0], id="one"),
        pytest.param(boxes((0, 0, 10, 10), (1, 0, 11, 10), (30, 0, 40, 10)), [0.5, 0.9, 0.7], [1, 2], id="overlapping"),
        # The middle box overlaps both others, which do not overlap each other: it goes, and both of them stay.
        pytest.param(boxes((0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10)), [0.9, 0.8, 0.7], [0, 2], id="chain"),
        pytest.param(boxes((0, 0, 1, 1), (5, 5, 6, 6)), [0.5, 0.5], [0, 1], id="equal scores keep their order"),
    ],
)
def test_nms_keeps_the_highest_scoring_box_of_each_group(
    before: Float32Array, scores: list[float], expected: list[int]
) -> None:
    kept = nms(before, np.array(scores, np.float32), iou_threshold=0.4)
    assert kept.tolist() == expected


def test_nms_with_max_boxes_drops_the_lowest_scoring_boxes() -> None:
    kept = nms(
        boxes((0, 0, 1, 1), (2, 2, 3, 3), (4, 4, 5, 5)), np.array((0.1, 0.3, 0.2)), iou_threshold=0.5, max_boxes=2
    )
    assert kept.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("before", "scores", "expected"),
    [
        pytest.param(EMPTY, [], [], id="empty"),
        pytest.param(boxes((0, 0, 10, 10), (4, 4, 6, 6)), [0.9, 0.8], [0], id="nested, the inner one is weaker"),
        pytest.param(boxes((0, 0, 10, 10), (4, 4, 6, 6)), [0.8, 0.9], [1], id="nested, the outer one is weaker"),
        pytest.param(boxes((0, 0, 10, 10), (6, 0, 16, 10)), [0.9, 0.8], [0, 1], id="exactly at the threshold"),
    ],
)
def test_nms_by_ios_drops_nested_boxes(before: Float32Array, scores: list[float], expected: list[int]) -> None:
    assert nms_by_ios(before, np.array(scores), ios_threshold=0.4).tolist() == expected


def test_nms_of_no_boxes_returns_integer_indices() -> None:
    for kept in (nms(EMPTY, NO_SCORES, iou_threshold=0.4), nms_by_ios(EMPTY, NO_SCORES, ios_threshold=0.4)):
        assert kept.dtype == np.int64


ROWS = st.lists(st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 30)] * 2, st.floats(0, 1)), max_size=30)


@given(ROWS)
def test_nms_keeps_no_overlapping_boxes_and_drops_only_overlapping_ones(
    rows: list[tuple[int, int, int, int, float]],
) -> None:
    corners = boxes(*((x, y, x + w, y + h) for x, y, w, h, _ in rows))
    scores = np.array([row[4] for row in rows], np.float32)
    kept = nms(corners, scores, iou_threshold=0.4)
    iou = box_iou(corners[kept], corners[kept])
    assert (iou[~np.eye(len(kept), dtype=bool)] <= 0.4).all()
    assert (np.diff(scores[kept]) <= 0).all()
    for dropped in np.setdiff1d(np.arange(len(corners)), kept):
        higher = kept[scores[kept] >= scores[dropped]]
        assert box_iou(corners[[dropped]], corners[higher]).max() > 0.4


@pytest.mark.parametrize(
    ("before", "clipped", "fractions"),
    [
        pytest.param(EMPTY, EMPTY, [], id="empty"),
        pytest.param(boxes((1, 1, 5, 5)), boxes((1, 1, 5, 5)), [1], id="inside"),
        pytest.param(boxes((-5, 0, 5, 10)), boxes((0, 0, 5, 8)), [0.4], id="across two edges"),
        pytest.param(boxes((20, 20, 30, 30)), boxes((10, 8, 10, 8)), [0], id="outside"),
    ],
)
def test_clip_boxes_returns_what_remains(before: Float32Array, clipped: Float32Array, fractions: list[float]) -> None:
    found, remaining = clip_boxes(before, 10, 8)
    assert np.array_equal(found, clipped)
    assert np.allclose(remaining, fractions)


@pytest.mark.parametrize(
    ("before", "linear", "as_faces", "as_regions"),
    [
        pytest.param(EMPTY, UNIT, EMPTY, EMPTY, id="empty"),
        pytest.param(boxes((0, 0, 4, 2)), UNIT, boxes((1, 1, 5, 3)), boxes((1, 1, 5, 3)), id="shifted"),
        pytest.param(
            boxes((-2, -1, 2, 1)), QUARTER_TURN, boxes((0, -1, 2, 3)), boxes((0, -1, 2, 3)), id="quarter turn"
        ),
        pytest.param(
            boxes((-1, -1, 1, 1)),
            EIGHTH_TURN,
            boxes((0, 0, 2, 2)),
            boxes((1 - 2**0.5, 1 - 2**0.5, 1 + 2**0.5, 1 + 2**0.5)),
            id="eighth turn, which enlarges the region and not the face",
        ),
        pytest.param(boxes((0, 0, 4, 2)), np.diag((-1, 1)), boxes((-3, 1, 1, 3)), boxes((-3, 1, 1, 3)), id="mirrored"),
    ],
)
def test_transforms_enclose_faces_and_regions(
    before: Float32Array, linear: Float64Array, as_faces: Float32Array, as_regions: Float32Array
) -> None:
    shift = np.ones(2)
    faces, regions = transform_boxes(before, linear, shift), transform_regions(before, linear, shift)
    assert faces.dtype == regions.dtype == np.float32
    assert faces.shape == regions.shape == before.shape
    assert np.allclose(faces, as_faces, atol=1e-6)
    assert np.allclose(regions, as_regions, atol=1e-6)

"""Assignment and losses on outputs made by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor

from mememoji.detection.postprocess import decode, make_anchor_points
from mememoji.training.detector.assignment import FACE_SIZES, assign, make_anchor_grid
from mememoji.training.detector.detection_dataset import DetectionBatch
from mememoji.training.detector.detector_config import DetectorTrainConfig
from mememoji.training.detector.detector_losses import compute_losses, decode_boxes, find_ignored

CONFIG = DetectorTrainConfig()
GRID = make_anchor_grid(128, torch.device("cpu"))
FACES = torch.tensor([[10.0, 12.0, 34.0, 42.0], [20.0, 10.0, 110.0, 120.0]])
LANDMARKS = torch.tensor([[[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]])


def batch(faces: Tensor, image_index: list[int], ignore: Tensor | None = None) -> DetectionBatch:
    sizes = (faces[:, 2:] - faces[:, :2])[:, None]
    return DetectionBatch(
        torch.zeros((2, 3, 128, 128), dtype=torch.uint8),
        faces,
        LANDMARKS * sizes + faces[:, None, :2],
        torch.tensor(image_index, dtype=torch.int64),
        torch.zeros((0, 4)) if ignore is None else ignore,
        torch.zeros(0 if ignore is None else len(ignore), dtype=torch.int64),
    )


def make_perfect_outputs(labels: DetectionBatch) -> Tensor:
    """Return outputs that predict each face at all anchor points of all strides, with low scores."""
    anchor_points = torch.from_numpy(make_anchor_points(128, 128))
    outputs = torch.zeros((2, len(anchor_points), 15))
    outputs[..., 0] = -12.0
    for face, points, image_index in zip(labels.faces, labels.landmarks, labels.face_image_index, strict=True):
        centers, strides = anchor_points[:, :2], anchor_points[:, 2:]
        outputs[image_index, :, 1:3] = ((face[:2] + face[2:]) / 2 - centers) / strides
        outputs[image_index, :, 3:5] = torch.log((face[2:] - face[:2]) / strides)
        outputs[image_index, :, 5:] = ((points[None] - centers[:, None]) / strides[:, None]).flatten(1)
    return outputs


def test_compute_losses_without_faces_counts_false_positives_only() -> None:
    empty = batch(torch.zeros((0, 4)), [])
    losses = compute_losses(make_perfect_outputs(empty), empty, CONFIG)
    assert float(losses.total) == pytest.approx(0.0, abs=1e-3)
    assert (float(losses.boxes), float(losses.landmarks)) == (0.0, 0.0)
    assert float(compute_losses(make_perfect_outputs(empty) + 13.0, empty, CONFIG).faces) > 100


def test_compute_losses_of_perfect_outputs_has_no_box_and_landmark_loss() -> None:
    labels = batch(FACES, [0, 1])
    losses = compute_losses(make_perfect_outputs(labels), labels, CONFIG)
    assert float(losses.boxes) == pytest.approx(0.0, abs=1e-4)
    assert float(losses.landmarks) == pytest.approx(0.0, abs=1e-4)
    assert float(losses.faces) > 1  # the scores are still low


def test_assign_uses_anchor_points_of_a_matching_stride() -> None:
    labels = batch(FACES, [0, 1])
    anchor_points = GRID.anchor_points
    outputs = make_perfect_outputs(labels)
    pairs = assign(outputs[..., 0], decode_boxes(outputs, anchor_points), labels, GRID)
    assert set(pairs.face.tolist()) == {0, 1}
    assert (pairs.anchor < len(anchor_points)).eq(pairs.face == 0).all()
    strides = anchor_points[pairs.anchor % len(anchor_points), 2]
    assert set(strides[pairs.face == 0].tolist()) == {8.0}
    assert set(strides[pairs.face == 1].tolist()) <= {16.0, 32.0}
    assert pairs.target_score.max() == pytest.approx(1.0)
    assert len(set(pairs.anchor.tolist())) == len(pairs.anchor)


def test_make_anchor_grid_is_cached_and_has_the_sizes_of_each_stride() -> None:
    assert make_anchor_grid(128, torch.device("cpu")) is GRID
    assert torch.equal(GRID.anchor_points, torch.from_numpy(make_anchor_points(128, 128)))
    limits = [FACE_SIZES[int(stride)] for stride in GRID.anchor_points[:, 2]]
    assert list(zip(GRID.min_size.tolist(), GRID.max_size.tolist(), strict=True)) == limits


def test_assign_gives_an_anchor_point_to_one_face_only() -> None:
    labels = batch(FACES[[0, 0]] + torch.tensor([[0.0], [1.0]]), [0, 0])
    outputs = make_perfect_outputs(labels)
    pairs = assign(outputs[..., 0], decode_boxes(outputs, GRID.anchor_points), labels, GRID)
    assert len(set(pairs.anchor.tolist())) == len(pairs.anchor)


def test_compute_losses_in_ignored_regions_is_zero() -> None:
    everywhere = torch.tensor([[0.0, 0.0, 128.0, 128.0]])
    labels = batch(torch.zeros((0, 4)), [], everywhere)
    anchor_points = torch.from_numpy(make_anchor_points(128, 128))
    assert find_ignored(labels, anchor_points, 2).all(dim=1).tolist() == [True, False]
    false_positives = make_perfect_outputs(labels)
    false_positives[0, :, 0] = 9.0
    assert float(compute_losses(false_positives, labels, CONFIG).faces) == pytest.approx(0.0, abs=1e-3)


def test_compute_losses_without_landmarks_has_no_landmark_loss() -> None:
    labels = batch(FACES, [0, 1])
    labels.landmarks[:] = torch.nan
    outputs = make_perfect_outputs(batch(FACES, [0, 1])).requires_grad_()
    losses = compute_losses(outputs, labels, CONFIG)
    losses.total.backward()  # type: ignore[no-untyped-call]
    assert losses.landmarks.item() == 0.0
    assert outputs.grad is not None
    assert torch.isfinite(outputs.grad).all()


def test_compute_losses_normalizes_landmarks_by_the_eye_distance() -> None:
    def compute_loss(eyes_apart: float, pixels: float) -> float:
        """Return the loss at an error in pixels, on a face with that eye distance as a fraction of its width."""
        labels = batch(FACES[1:], [0])
        center = (labels.landmarks[:, 0] + labels.landmarks[:, 1]) / 2
        for number, sign in ((0, -0.5), (1, 0.5)):
            labels.landmarks[:, number] = center
            labels.landmarks[:, number, 0] += sign * eyes_apart * 90
        outputs = make_perfect_outputs(labels)
        outputs[0, :, 5:] += pixels / make_anchor_grid(128, torch.device("cpu")).anchor_points[:, 2:]
        return float(compute_losses(outputs, labels, CONFIG).landmarks)

    assert compute_loss(0.4, 8.0) == pytest.approx(compute_loss(0.2, 4.0), rel=1e-3)
    assert compute_loss(0.2, 4.0) > 1.5 * compute_loss(0.4, 4.0)
    assert compute_loss(0.0, 4.0) == pytest.approx(compute_loss(0.1, 4.0), rel=1e-3)  # in a profile the eyes coincide


def test_decode_boxes_matches_the_numpy_version() -> None:
    anchor_points = make_anchor_points(64, 64)
    outputs = np.random.default_rng(1).normal(0, 1, (len(anchor_points), 15)).astype(np.float32)
    boxes, _, _ = decode(outputs, anchor_points, min_score=0.0)
    decoded = decode_boxes(torch.from_numpy(outputs), torch.from_numpy(anchor_points)).numpy()
    np.testing.assert_allclose(decoded, boxes, atol=1e-3)

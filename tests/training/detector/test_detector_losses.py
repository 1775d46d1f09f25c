"""Assignment and losses on answers made by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor

from mememoji.detection.postprocess import decode, places
from mememoji.training.detector.assignment import SIZES, assign, grid_of
from mememoji.training.detector.detection_dataset import Batch
from mememoji.training.detector.detector_config import DetectorRecipe
from mememoji.training.detector.detector_losses import decoded_boxes, ignored, losses_of

RECIPE = DetectorRecipe()
GRID = grid_of(128, torch.device("cpu"))
FACES = torch.tensor([[10.0, 12.0, 34.0, 42.0], [20.0, 10.0, 110.0, 120.0]])
LANDMARKS = torch.tensor([[[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]])


def batch(faces: Tensor, owner: list[int], ignore: Tensor | None = None) -> Batch:
    sizes = (faces[:, 2:] - faces[:, :2])[:, None]
    return Batch(
        torch.zeros((2, 3, 128, 128), dtype=torch.uint8),
        faces,
        LANDMARKS * sizes + faces[:, None, :2],
        torch.tensor(owner, dtype=torch.int64),
        torch.zeros((0, 4)) if ignore is None else ignore,
        torch.zeros(0 if ignore is None else len(ignore), dtype=torch.int64),
    )


def perfect(labels: Batch) -> Tensor:
    """Answers that name each face at all places of all strides, and nothing where there is none."""
    where = torch.from_numpy(places(128, 128))
    answers = torch.zeros((2, len(where), 15))
    answers[..., 0] = -12.0
    for face, points, owner in zip(labels.faces, labels.landmarks, labels.face_owner, strict=True):
        middles, strides = where[:, :2], where[:, 2:]
        answers[owner, :, 1:3] = ((face[:2] + face[2:]) / 2 - middles) / strides
        answers[owner, :, 3:5] = torch.log((face[2:] - face[:2]) / strides)
        answers[owner, :, 5:] = ((points[None] - middles[:, None]) / strides[:, None]).flatten(1)
    return answers


def test_no_face_costs_only_its_false_alarms() -> None:
    empty = batch(torch.zeros((0, 4)), [])
    losses = losses_of(perfect(empty), empty, RECIPE)
    assert float(losses.total) == pytest.approx(0.0, abs=1e-3)
    assert (float(losses.boxes), float(losses.landmarks)) == (0.0, 0.0)
    assert float(losses_of(perfect(empty) + 13.0, empty, RECIPE).faces) > 100


def test_perfect_answers_have_perfect_boxes_and_landmarks() -> None:
    labels = batch(FACES, [0, 1])
    losses = losses_of(perfect(labels), labels, RECIPE)
    assert float(losses.boxes) == pytest.approx(0.0, abs=1e-4)
    assert float(losses.landmarks) == pytest.approx(0.0, abs=1e-4)
    assert float(losses.faces) > 1  # the places do not say yet that there are faces


def test_each_face_has_its_places_of_a_fitting_stride() -> None:
    labels = batch(FACES, [0, 1])
    where = GRID.where
    answers = perfect(labels)
    pairs = assign(answers[..., 0], decoded_boxes(answers, where), labels, GRID)
    assert set(pairs.face.tolist()) == {0, 1}
    assert (pairs.place < len(where)).eq(pairs.face == 0).all()
    strides = where[pairs.place % len(where), 2]
    assert set(strides[pairs.face == 0].tolist()) == {8.0}
    assert set(strides[pairs.face == 1].tolist()) <= {16.0, 32.0}
    assert pairs.target.max() == pytest.approx(1.0)
    assert len(set(pairs.place.tolist())) == len(pairs.place)


def test_a_grid_is_made_once_and_each_place_has_its_strides_sizes() -> None:
    assert grid_of(128, torch.device("cpu")) is GRID
    assert torch.equal(GRID.where, torch.from_numpy(places(128, 128)))
    limits = [SIZES[int(stride)] for stride in GRID.where[:, 2]]
    assert list(zip(GRID.low.tolist(), GRID.high.tolist(), strict=True)) == limits


def test_two_faces_in_one_place_do_not_share_it() -> None:
    labels = batch(FACES[[0, 0]] + torch.tensor([[0.0], [1.0]]), [0, 0])
    answers = perfect(labels)
    pairs = assign(answers[..., 0], decoded_boxes(answers, GRID.where), labels, GRID)
    assert len(set(pairs.place.tolist())) == len(pairs.place)


def test_there_is_no_loss_in_ignored_regions() -> None:
    everywhere = torch.tensor([[0.0, 0.0, 128.0, 128.0]])
    labels = batch(torch.zeros((0, 4)), [], everywhere)
    where = torch.from_numpy(places(128, 128))
    assert ignored(labels, where, 2).all(dim=1).tolist() == [True, False]
    alarms = perfect(labels)
    alarms[0, :, 0] = 9.0
    assert float(losses_of(alarms, labels, RECIPE).faces) == pytest.approx(0.0, abs=1e-3)


def test_a_face_without_landmarks_costs_none_and_breaks_nothing() -> None:
    labels = batch(FACES, [0, 1])
    labels.landmarks[:] = torch.nan
    answers = perfect(batch(FACES, [0, 1])).requires_grad_()
    losses = losses_of(answers, labels, RECIPE)
    losses.total.backward()  # type: ignore[no-untyped-call]
    assert losses.landmarks.item() == 0.0
    assert answers.grad is not None
    assert torch.isfinite(answers.grad).all()


def test_a_landmarks_error_counts_in_parts_of_the_distance_between_the_eyes() -> None:
    def cost(eyes_apart: float, pixels: float) -> float:
        """Of landmarks that are so many pixels off, on a face whose eyes are that part of its width apart."""
        labels = batch(FACES[1:], [0])
        middle = (labels.landmarks[:, 0] + labels.landmarks[:, 1]) / 2
        for number, side in ((0, -0.5), (1, 0.5)):
            labels.landmarks[:, number] = middle
            labels.landmarks[:, number, 0] += side * eyes_apart * 90
        answers = perfect(labels)
        answers[0, :, 5:] += pixels / grid_of(128, torch.device("cpu")).where[:, 2:]
        return float(losses_of(answers, labels, RECIPE).landmarks)

    assert cost(0.4, 8.0) == pytest.approx(cost(0.2, 4.0), rel=1e-3)
    assert cost(0.2, 4.0) > 1.5 * cost(0.4, 4.0)
    assert cost(0.0, 4.0) == pytest.approx(cost(0.1, 4.0), rel=1e-3)  # in profile the eyes lie on each other


def test_training_and_serving_decode_alike() -> None:
    where = places(64, 64)
    answers = np.random.default_rng(1).normal(0, 1, (len(where), 15)).astype(np.float32)
    boxes, _, _ = decode(answers, where, least=0.0)
    again = decoded_boxes(torch.from_numpy(answers), torch.from_numpy(where)).numpy()
    np.testing.assert_allclose(again, boxes, atol=1e-3)

"""What the detector's answers cost: faces, boxes, landmarks."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.training.detector.assignment import Assignment, assign, grid_of
from mememoji.training.detector.detection_dataset import Batch
from mememoji.training.detector.detector_config import DetectorRecipe

_FOCUS: Final = 2.0
_LANDMARK_BEND: Final = 0.06
_NARROWEST: Final = 0.15
_LARGEST_LOG: Final = 4.5


@dataclass(frozen=True, slots=True)
class Losses:
    """A batch's losses, each a scalar: what is minimized, and its three parts before their weights."""

    total: Tensor
    faces: Tensor
    boxes: Tensor
    landmarks: Tensor


def losses_of(answers: Tensor, batch: Batch, recipe: DetectorRecipe) -> Losses:
    """Compare raw answers (B, P, 15) with a batch's labels."""
    answers = answers.float()
    grid = grid_of(batch.pictures.shape[-1], answers.device)
    where = grid.where
    logits, boxes = answers[..., 0], decoded_boxes(answers, where)
    pairs = assign(logits.detach(), boxes.detach(), batch, grid)
    weights = pairs.target
    share = weights.sum().clamp(min=1.0)
    faces = _face_loss(logits, pairs, batch, where) / share
    box = (weights * _distance_iou_loss(boxes.flatten(0, 1)[pairs.place], batch.faces[pairs.face])).sum() / share
    marks = _landmark_loss(answers.flatten(0, 1), pairs, batch, where) / share
    return Losses(faces + recipe.boxes * box + recipe.landmarks * marks, faces, box, marks)


def decoded_boxes(answers: Tensor, where: Tensor) -> Tensor:
    """Raw answers (..., P, 15) to boxes (..., P, 4) in pixels; as `mememoji.detection.postprocess.decode` does."""
    centers = where[:, :2] + answers[..., 1:3] * where[:, 2:]
    halves = torch.exp(answers[..., 3:5].clamp(-_LARGEST_LOG, _LARGEST_LOG)) * where[:, 2:] / 2
    return torch.cat([centers - halves, centers + halves], dim=-1)


def _face_loss(logits: Tensor, pairs: Assignment, batch: Batch, where: Tensor) -> Tensor:
    """Quality focal loss (Li et al. 2020, "Generalized Focal Loss"), summed; none in ignored regions."""
    targets = torch.zeros(logits.numel(), device=logits.device).scatter(0, pairs.place, pairs.target)
    counted = (~ignored(batch, where, len(logits))).flatten().float().scatter(0, pairs.place, 1.0)
    flat = logits.flatten()
    entropy = functional.binary_cross_entropy_with_logits(flat, targets, reduction="none")
    focus = (targets - torch.sigmoid(flat)).abs().pow(_FOCUS)
    return (entropy * focus * counted).sum()


def ignored(batch: Batch, where: Tensor, count: int) -> Tensor:
    """(B, P) bool, which places lie in or at a region that is neither face nor background."""
    if not len(batch.ignore):
        return torch.zeros((count, len(where)), dtype=torch.bool, device=where.device)
    half = where[None, :, 2] / 2
    x, y = where[None, :, 0], where[None, :, 1]
    left, top, right, bottom = batch.ignore[:, :, None].unbind(dim=1)  # (I, 1) each
    touched = (x > left - half) & (x < right + half) & (y > top - half) & (y < bottom + half)  # (I, P)
    out = torch.zeros((count, len(where)), device=where.device)
    return out.index_add(0, batch.ignore_owner, touched.float()) > 0


def _distance_iou_loss(boxes: Tensor, faces: Tensor) -> Tensor:
    """(N,) 1 - DIoU (Zheng et al. 2020, "Distance-IoU Loss")."""
    corner, end = torch.maximum(boxes[:, :2], faces[:, :2]), torch.minimum(boxes[:, 2:], faces[:, 2:])
    shared = (end - corner).clamp(min=0).prod(dim=1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) + (faces[:, 2:] - faces[:, :2]).prod(dim=1) - shared
    around = torch.maximum(boxes[:, 2:], faces[:, 2:]) - torch.minimum(boxes[:, :2], faces[:, :2])
    apart = (boxes[:, :2] + boxes[:, 2:] - faces[:, :2] - faces[:, 2:]) / 2
    distance = apart.square().sum(dim=1) / around.square().sum(dim=1).clamp(min=1e-6)
    return 1 - shared / union.clamp(min=1e-6) + distance


def _landmark_loss(answers: Tensor, pairs: Assignment, batch: Batch, where: Tensor) -> Tensor:
    """Smooth L1 of landmarks, in parts of the distance between the eyes, summed over the faces that have any.

    So they are judged. In a profile, where the eyes are nearly behind each other, a part of the face's size is taken.
    """
    places_of = where[pairs.place % len(where)]
    found = answers[pairs.place, 5:].view(-1, 5, 2)  # (N, 10) -> (N, 5, 2)
    found = places_of[:, None, :2] + found * places_of[:, None, 2:]
    known = torch.isfinite(batch.landmarks).all(dim=(1, 2))[pairs.face]
    labels = torch.nan_to_num(batch.landmarks)
    apart = (labels[:, 0] - labels[:, 1]).square().sum(dim=1).sqrt()
    sizes = (batch.faces[:, 2:] - batch.faces[:, :2]).prod(dim=1).sqrt()
    units = torch.maximum(apart, _NARROWEST * sizes)[pairs.face]
    errors = (found - labels[pairs.face]) / units[:, None, None]
    each = functional.smooth_l1_loss(errors, torch.zeros_like(errors), reduction="none", beta=_LANDMARK_BEND)
    return (each.mean(dim=(1, 2)) * pairs.target * known).sum()

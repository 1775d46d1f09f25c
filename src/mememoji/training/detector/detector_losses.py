"""Losses of the detector's outputs: faces, boxes, landmarks."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mememoji.training.detector.assignment import Assignment, assign, make_anchor_grid
from mememoji.training.detector.detection_dataset import DetectionBatch
from mememoji.training.detector.detector_config import DetectorTrainConfig

FOCAL_GAMMA: Final = 2.0
SMOOTH_L1_BETA: Final = 0.06
MIN_INTEROCULAR: Final = 0.15
"""Smallest distance between the eyes that landmark errors are normalized by, as a fraction of the face size."""

_MAX_LOG_SIZE: Final = 4.5


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses of a batch, each a scalar: the weighted total, and its three components before their weights."""

    total: Tensor
    faces: Tensor
    boxes: Tensor
    landmarks: Tensor


def compute_losses(outputs: Tensor, batch: DetectionBatch, config: DetectorTrainConfig) -> Losses:
    """Compute the losses of raw outputs (B, P, 15) against a batch's labels."""
    outputs = outputs.float()
    grid = make_anchor_grid(batch.images.shape[-1], outputs.device)
    anchor_points = grid.anchor_points
    logits, boxes = outputs[..., 0], decode_boxes(outputs, anchor_points)
    pairs = assign(logits.detach(), boxes.detach(), batch, grid)
    weights = pairs.target_score
    normalizer = weights.sum().clamp(min=1.0)
    face_loss = _face_loss(logits, pairs, batch, anchor_points) / normalizer
    box_losses = _distance_iou_loss(boxes.flatten(0, 1)[pairs.anchor], batch.faces[pairs.face])
    box_loss = (weights * box_losses).sum() / normalizer
    landmark_loss = _landmark_loss(outputs.flatten(0, 1), pairs, batch, anchor_points) / normalizer
    total = face_loss + config.box_loss_weight * box_loss + config.landmark_loss_weight * landmark_loss
    return Losses(total, face_loss, box_loss, landmark_loss)


def decode_boxes(outputs: Tensor, anchor_points: Tensor) -> Tensor:
    """Decode raw outputs (..., P, 15) to boxes (..., P, 4) in pixels like `mememoji.detection.postprocess.decode`."""
    centers = anchor_points[:, :2] + outputs[..., 1:3] * anchor_points[:, 2:]
    half_sizes = torch.exp(outputs[..., 3:5].clamp(-_MAX_LOG_SIZE, _MAX_LOG_SIZE)) * anchor_points[:, 2:] / 2
    return torch.cat([centers - half_sizes, centers + half_sizes], dim=-1)


def find_ignored(batch: DetectionBatch, anchor_points: Tensor, num_images: int) -> Tensor:
    """Return which anchor points (B, P) bool are in or at a region that counts neither as face nor as background."""
    if not len(batch.ignore):
        return torch.zeros((num_images, len(anchor_points)), dtype=torch.bool, device=anchor_points.device)
    half = anchor_points[None, :, 2] / 2
    x, y = anchor_points[None, :, 0], anchor_points[None, :, 1]
    left, top, right, bottom = batch.ignore[:, :, None].unbind(dim=1)  # (I, 1) each
    overlaps = (x > left - half) & (x < right + half) & (y > top - half) & (y < bottom + half)  # (I, P)
    counts = torch.zeros((num_images, len(anchor_points)), device=anchor_points.device)
    return counts.index_add(0, batch.ignore_image_index, overlaps.float()) > 0


def _face_loss(logits: Tensor, pairs: Assignment, batch: DetectionBatch, anchor_points: Tensor) -> Tensor:
    """Return the sum of the quality focal loss (Li et al. 2020, "Generalized Focal Loss") outside ignored regions."""
    targets = torch.zeros(logits.numel(), device=logits.device).scatter(0, pairs.anchor, pairs.target_score)
    ignored = find_ignored(batch, anchor_points, len(logits))
    counted = (~ignored).flatten().float().scatter(0, pairs.anchor, 1.0)
    flat = logits.flatten()
    entropy = functional.binary_cross_entropy_with_logits(flat, targets, reduction="none")
    focus = (targets - torch.sigmoid(flat)).abs().pow(FOCAL_GAMMA)
    return (entropy * focus * counted).sum()


def _distance_iou_loss(boxes: Tensor, faces: Tensor) -> Tensor:
    """Return 1 - DIoU (N,) (Zheng et al. 2020, "Distance-IoU Loss")."""
    top_left, bottom_right = torch.maximum(boxes[:, :2], faces[:, :2]), torch.minimum(boxes[:, 2:], faces[:, 2:])
    intersection = (bottom_right - top_left).clamp(min=0).prod(dim=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) + (faces[:, 2:] - faces[:, :2]).prod(dim=1)
    union = areas - intersection
    enclosing = torch.maximum(boxes[:, 2:], faces[:, 2:]) - torch.minimum(boxes[:, :2], faces[:, :2])
    offset = (boxes[:, :2] + boxes[:, 2:] - faces[:, :2] - faces[:, 2:]) / 2
    distance = offset.square().sum(dim=1) / enclosing.square().sum(dim=1).clamp(min=1e-6)
    return 1 - intersection / union.clamp(min=1e-6) + distance


def _landmark_loss(outputs: Tensor, pairs: Assignment, batch: DetectionBatch, anchor_points: Tensor) -> Tensor:
    """Return the sum of the smooth L1 loss of landmarks, in units of the distance between the eyes.

    The unit is that of the metric, the inter-ocular NME. In a profile, where the eyes nearly coincide, it is a fraction
    of the face size. Faces without landmarks do not count.
    """
    points = anchor_points[pairs.anchor % len(anchor_points)]
    predicted = outputs[pairs.anchor, 5:].view(-1, 5, 2)  # (N, 10) -> (N, 5, 2)
    predicted = points[:, None, :2] + predicted * points[:, None, 2:]
    has_landmarks = torch.isfinite(batch.landmarks).all(dim=(1, 2))[pairs.face]
    labels = torch.nan_to_num(batch.landmarks)
    eye_distance = (labels[:, 0] - labels[:, 1]).square().sum(dim=1).sqrt()
    sizes = (batch.faces[:, 2:] - batch.faces[:, :2]).prod(dim=1).sqrt()
    units = torch.maximum(eye_distance, MIN_INTEROCULAR * sizes)[pairs.face]
    errors = (predicted - labels[pairs.face]) / units[:, None, None]
    losses = functional.smooth_l1_loss(errors, torch.zeros_like(errors), reduction="none", beta=SMOOTH_L1_BETA)
    return (losses.mean(dim=(1, 2)) * pairs.target_score * has_landmarks).sum()

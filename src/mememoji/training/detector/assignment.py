"""Label assignment: which anchor points are trained to predict which face."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from mememoji.detection.postprocess import make_anchor_points
from mememoji.training.detector.detection_dataset import DetectionBatch

FACE_SIZES: Final = {8: (0.0, 64.0), 16: (28.0, 128.0), 32: (64.0, float("inf"))}
"""Range of face sizes, the square root of the area in pixels, that anchor points of each stride predict."""

CENTER_RADIUS: Final = 2.5
"""Distance from a face's center, in strides, within which anchor points inside the face are preferred."""

CANDIDATE_RADIUS: Final = 1.5
TOP_K: Final = 10
IOU_COST_WEIGHT: Final = 3.0
OUTSIDE_CENTER_COST: Final = 1e4
NON_CANDIDATE_COST: Final = 1e8


@dataclass(frozen=True, slots=True, eq=False)
class AnchorGrid:
    """The P anchor points of square images, with the sizes of faces that each may predict.

    Attributes:
        anchor_points: Anchor points (P, 3) float32 from `mememoji.detection.postprocess.make_anchor_points`.
        min_size: Smallest face size (P,) float32, as in `FACE_SIZES`.
        max_size: Face size (P,) float32 below which faces are predicted.
    """

    anchor_points: Tensor
    min_size: Tensor
    max_size: Tensor


@lru_cache(maxsize=32)
def make_anchor_grid(image_size: int, device: torch.device) -> AnchorGrid:
    """Make the anchor grid of images (image_size, image_size) on a device; the cache spares each step a copy to it."""
    anchor_points = make_anchor_points(image_size, image_size)
    limits = [FACE_SIZES[int(stride)] for stride in anchor_points[:, 2]]
    # (P, 2) -> (P,), (P,)
    min_size, max_size = torch.tensor(limits, dtype=torch.float32, device=device).unbind(dim=1)
    return AnchorGrid(torch.from_numpy(anchor_points).to(device), min_size.contiguous(), max_size.contiguous())


@dataclass(frozen=True, slots=True)
class Assignment:
    """N pairs of an anchor point and a face.

    Attributes:
        anchor: Index (N,) int64 into the anchor points of the batch, image by image.
        face: Index (N,) int64 into the faces of the batch.
        target_score: Score (N,) float32 in 0..1 that the anchor point should predict: 1 for the face's best overlap
            and less for the others, so that one anchor point learns the highest score.
    """

    anchor: Tensor
    face: Tensor
    target_score: Tensor


@torch.no_grad()
def assign(logits: Tensor, boxes: Tensor, batch: DetectionBatch, grid: AnchorGrid) -> Assignment:
    """Assign anchor points to faces by SimOTA: each face takes the anchor points with the lowest cost.

    The number of anchor points of a face is the sum of its `TOP_K` largest IoUs (Ge et al. 2021, "YOLOX: Exceeding
    YOLO Series in 2021"); YuNet is trained in the same way.

    Args:
        logits: Face logits (B, P) float32.
        boxes: Decoded boxes (B, P, 4) float32.
        batch: Labels with F faces.
        grid: Anchor points of the images.
    """
    faces, image_index = batch.faces, batch.face_image_index
    num_anchors = len(grid.anchor_points)
    if not len(faces):
        empty = torch.zeros(0, dtype=torch.int64, device=logits.device)
        return Assignment(empty, empty, torch.zeros(0, device=logits.device))
    points, strides = grid.anchor_points[:, :2], grid.anchor_points[:, 2]
    centers = (faces[:, :2] + faces[:, 2:]) / 2
    distance = (points[None] - centers[:, None]).abs().amax(dim=2) / strides  # (F, P)
    inside = ((points[None] > faces[:, None, :2]) & (points[None] < faces[:, None, 2:])).all(dim=2)
    sizes = (faces[:, 2:] - faces[:, :2]).prod(dim=1).sqrt()
    fits = (sizes[:, None] >= grid.min_size) & (sizes[:, None] < grid.max_size)
    candidate = (inside | (distance < CANDIDATE_RADIUS)) & fits
    iou = box_iou_per_face(faces, boxes[image_index]) * candidate  # (F, P)
    cost = torch.nn.functional.softplus(-logits[image_index]) - IOU_COST_WEIGHT * torch.log(iou + 1e-7)
    cost = cost + OUTSIDE_CENTER_COST * ~(inside & (distance < CENTER_RADIUS)) + NON_CANDIDATE_COST * ~candidate
    num_wanted = iou.topk(TOP_K, dim=1).values.sum(dim=1).int().clamp(min=1)  # (F,)
    lowest, anchor = cost.topk(TOP_K, dim=1, largest=False)  # (F, 10)
    selected = (torch.arange(TOP_K, device=logits.device) < num_wanted[:, None]) & (lowest < NON_CANDIDATE_COST)
    # Indices instead of masks, computed once each: the CPU waits for the GPU wherever a mask is counted.
    face, rank = selected.nonzero(as_tuple=True)
    anchor, lowest = anchor[face, rank], lowest[face, rank]
    key = image_index[face] * num_anchors + anchor
    # An anchor point that several faces selected is assigned to the face with the lowest cost.
    best = torch.full((len(logits) * num_anchors,), torch.inf, device=logits.device)
    best = best.scatter_reduce(0, key, lowest, "amin")
    (kept,) = (lowest <= best[key]).nonzero(as_tuple=True)
    face, anchor, key = face[kept], anchor[kept], key[kept]
    overlap = iou[face, anchor]
    max_overlap = torch.zeros(len(faces), device=logits.device).scatter_reduce(0, face, overlap, "amax")
    return Assignment(key, face, overlap / max_overlap[face].clamp(min=1e-6))


def box_iou_per_face(faces: Tensor, boxes: Tensor) -> Tensor:
    """Return the intersection over union (F, P) of faces (F, 4) with boxes (F, P, 4) of their own.

    The torch counterpart of `mememoji.boxes.box_iou`.
    """
    top_left = torch.maximum(faces[:, None, :2], boxes[..., :2])
    intersection = (torch.minimum(faces[:, None, 2:], boxes[..., 2:]) - top_left).clamp(min=0).prod(dim=2)
    areas = (faces[:, 2:] - faces[:, :2]).prod(dim=1)[:, None] + (boxes[..., 2:] - boxes[..., :2]).prod(dim=2)
    return intersection / (areas - intersection).clamp(min=1e-6)

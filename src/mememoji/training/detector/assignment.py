"""Which places of the network's maps answer for which face."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from mememoji.detection.postprocess import places
from mememoji.training.detector.detection_dataset import Batch

SIZES: Final = {8: (0.0, 64.0), 16: (28.0, 128.0), 32: (64.0, float("inf"))}
"""By stride, the faces that its places may answer for: the root of their area, in pixels."""

_NEAR: Final = 2.5
_CANDIDATE: Final = 1.5
_MOST: Final = 10
_OVERLAP_WEIGHT: Final = 3.0
_FAR: Final = 1e4
_NEVER: Final = 1e8


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The P places of square images, and the sizes of the faces that each may answer for.

    Attributes:
        where: (P, 3) float32, as `mememoji.detection.postprocess.places` gives them.
        low, high: (P,) float32, as in `SIZES`.
    """

    where: Tensor
    low: Tensor
    high: Tensor


@lru_cache(maxsize=32)
def grid_of(side: int, device: torch.device) -> Grid:
    """The grid of images (side, side) on a device; made once, for steps that are to wait for no copy."""
    where = places(side, side)
    limits = [SIZES[int(stride)] for stride in where[:, 2]]
    low, high = torch.tensor(limits, dtype=torch.float32, device=device).unbind(dim=1)  # (P, 2) -> (P,), (P,)
    return Grid(torch.from_numpy(where).to(device), low.contiguous(), high.contiguous())


@dataclass(frozen=True, slots=True)
class Assignment:
    """N pairs of a place and a face.

    Attributes:
        place: (N,) int64 into the batch's places, image after image.
        face: (N,) int64 into the batch's faces.
        target: (N,) float32 in 0..1, the score that a place should give: 1 where a face is covered best, less
            elsewhere, so that one place stands out.
    """

    place: Tensor
    face: Tensor
    target: Tensor


@torch.no_grad()
def assign(logits: Tensor, boxes: Tensor, batch: Batch, grid: Grid) -> Assignment:
    """SimOTA: each face takes the places that answer for it at the least cost, and as many as its overlaps add up to.

    Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021"; YuNet is trained so too.

    Args:
        logits: (B, P) float32.
        boxes: (B, P, 4) float32, decoded.
        batch: its F faces.
        grid: the places.
    """
    faces, owner = batch.faces, batch.face_owner
    count = len(grid.where)
    if not len(faces):
        nothing = torch.zeros(0, dtype=torch.int64, device=logits.device)
        return Assignment(nothing, nothing, torch.zeros(0, device=logits.device))
    middles, strides = grid.where[:, :2], grid.where[:, 2]
    centers = (faces[:, :2] + faces[:, 2:]) / 2
    distance = (middles[None] - centers[:, None]).abs().amax(dim=2) / strides  # (F, P)
    inside = ((middles[None] > faces[:, None, :2]) & (middles[None] < faces[:, None, 2:])).all(dim=2)
    sizes = (faces[:, 2:] - faces[:, :2]).prod(dim=1).sqrt()
    fits = (sizes[:, None] >= grid.low) & (sizes[:, None] < grid.high)
    candidate = (inside | (distance < _CANDIDATE)) & fits
    overlap = pairwise_iou(faces, boxes[owner]) * candidate  # (F, P)
    cost = torch.nn.functional.softplus(-logits[owner]) - _OVERLAP_WEIGHT * torch.log(overlap + 1e-7)
    cost = cost + _FAR * ~(inside & (distance < _NEAR)) + _NEVER * ~candidate
    wanted = overlap.topk(_MOST, dim=1).values.sum(dim=1).int().clamp(min=1)  # (F,)
    least, place = cost.topk(_MOST, dim=1, largest=False)  # (F, 10)
    taken = (torch.arange(_MOST, device=logits.device) < wanted[:, None]) & (least < _NEVER)
    # Numbers in place of masks, found once each: the CPU waits for the GPU wherever a mask is counted.
    face, rank = taken.nonzero(as_tuple=True)
    place, least = place[face, rank], least[face, rank]
    key = owner[face] * count + place
    # A place that several faces want answers for the one that it costs least.
    best = torch.full((len(logits) * count,), torch.inf, device=logits.device)
    best = best.scatter_reduce(0, key, least, "amin")
    (alone,) = (least <= best[key]).nonzero(as_tuple=True)
    face, place, key = face[alone], place[alone], key[alone]
    covered = overlap[face, place]
    most = torch.zeros(len(faces), device=logits.device).scatter_reduce(0, face, covered, "amax")
    return Assignment(key, face, covered / most[face].clamp(min=1e-6))


def pairwise_iou(faces: Tensor, boxes: Tensor) -> Tensor:
    """(F, P) intersections over unions of faces (F, 4) with each one's own boxes (F, P, 4)."""
    corner = torch.maximum(faces[:, None, :2], boxes[..., :2])
    shared = (torch.minimum(faces[:, None, 2:], boxes[..., 2:]) - corner).clamp(min=0).prod(dim=2)
    areas = (faces[:, 2:] - faces[:, :2]).prod(dim=1)[:, None] + (boxes[..., 2:] - boxes[..., :2]).prod(dim=2)
    return shared / (areas - shared).clamp(min=1e-6)

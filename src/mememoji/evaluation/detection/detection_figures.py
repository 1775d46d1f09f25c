"""Figures on detectors: precision-recall curves, and contact sheets of their errors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from mememoji.datasets.detection_images import DetectionSample
from mememoji.evaluation.detection.detection_metrics import find_false_negatives, find_false_positives
from mememoji.evaluation.detection.detector_predictions import DetectorPredictions
from mememoji.evaluation.detection.matching import PrecisionRecallCurve
from mememoji.image_io import read_image
from mememoji.types import Float32Array, UInt8Array

COLORS: Final = ("#d55e00", "#0072b2", "#009e73", "#8a8f98")
_TILE_SIZE: Final = 160
_NUM_COLUMNS: Final = 8
_MAX_TILES: Final = 40
_CONTEXT: Final = 1.0
_PINK: Final = (255, 64, 160)

_Error = tuple[float, DetectionSample, Float32Array, str]
"""Rank, image, box and label of a false positive or a false negative."""


def plot_precision_recall(
    curves: Mapping[str, Mapping[str, PrecisionRecallCurve]], thresholds: Mapping[str, float], path: Path
) -> None:
    """Plot precision over recall of each detector as PNG, with a dot at its threshold.

    Args:
        curves: Curves by detector and face size, of which `>=16` and `>=32` are drawn.
        thresholds: Score threshold by detector.
        path: File to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for axes, face_size in zip(figure.subplots(1, 2), (">=16", ">=32"), strict=True):
        for (name, by_size), color in zip(curves.items(), COLORS, strict=False):
            curve = by_size[face_size]
            axes.plot(curve.recall, curve.precision, color=color, label=name, linewidth=1.8)
            axes.plot(*curve.at_threshold(thresholds[name]), "o", color=color, markersize=6)
        axes.set_title(f"Faces of {face_size[2:]} pixels and more, IoU 0.4", loc="left", fontsize=11)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
        axes.set_xlim(0, 1)
        axes.set_ylim(0.5, 1.005)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower left")
    figure.savefig(path, dpi=150)


def write_false_negatives(predictions: DetectorPredictions, samples: Sequence[DetectionSample], path: Path) -> int:
    """Write the largest faces that were missed at the detector's threshold into one JPEG.

    Returns:
        The number of missed faces.
    """
    errors: list[_Error] = []
    for found, sample in zip(predictions.detections, samples, strict=True):
        missed = find_false_negatives(found.above(predictions.threshold), sample)
        errors += [(float(box[3] - box[1]), sample, box, f"{box[3] - box[1]:.0f} px") for box in missed]
    return _write_contact_sheet(errors, path)


def write_false_positives(predictions: DetectorPredictions, samples: Sequence[DetectionSample], path: Path) -> int:
    """Write the highest-scoring false positives at the detector's threshold into one JPEG.

    Returns:
        The number of false positives.
    """
    errors: list[_Error] = []
    for found, sample in zip(predictions.detections, samples, strict=True):
        wrong = find_false_positives(found.above(predictions.threshold), sample)
        pairs = zip(wrong.boxes, wrong.scores, strict=True)
        errors += [(float(score), sample, box, f"{score:.2f}") for box, score in pairs]
    return _write_contact_sheet(errors, path)


def _write_contact_sheet(errors: list[_Error], path: Path) -> int:
    top = sorted(errors, key=lambda error: -error[0])[:_MAX_TILES]
    num_rows = max(1, -(-len(top) // _NUM_COLUMNS))
    sheet = np.full((num_rows * _TILE_SIZE, _NUM_COLUMNS * _TILE_SIZE, 3), 255, np.uint8)
    for index, (_, sample, box, label) in enumerate(top):
        y, x = index // _NUM_COLUMNS * _TILE_SIZE, index % _NUM_COLUMNS * _TILE_SIZE
        sheet[y : y + _TILE_SIZE, x : x + _TILE_SIZE] = _draw_tile(read_image(sample.image), box, label)
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert done
    path.write_bytes(encoded.tobytes())
    return len(errors)


def _draw_tile(image: UInt8Array, box: Float32Array, label: str) -> UInt8Array:
    """Return the square around a box with the box drawn into it and a label."""
    size = max(float((box[2:] - box[:2]).max()) * (1 + 2 * _CONTEXT), 32.0)
    scale = (_TILE_SIZE - 2) / size
    top_left = (box[:2] + box[2:]) / 2 - size / 2
    matrix = np.array(((scale, 0, -top_left[0] * scale), (0, scale, -top_left[1] * scale)))
    tile = cv2.warpAffine(
        image, matrix, (_TILE_SIZE - 2, _TILE_SIZE - 2), flags=cv2.INTER_LINEAR, borderValue=(128,) * 3
    )
    near, far = ((point - top_left) * scale for point in (box[:2], box[2:]))
    cv2.rectangle(tile, (round(near[0]), round(near[1])), (round(far[0]), round(far[1])), _PINK, 1)
    cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(cv2.copyMakeBorder(tile, 0, 2, 0, 2, cv2.BORDER_CONSTANT, value=(255,) * 3), np.uint8)

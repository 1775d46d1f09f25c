"""Figures of detectors: curves of precision over recall, and contact sheets of what went wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.datasets.detection_images import Photograph
from mememoji.evaluation.detection.detection_metrics import Judged, alarms_of, misses_of
from mememoji.evaluation.detection.matching import Curve
from mememoji.image_io import read_image

COLORS: Final = ("#d55e00", "#0072b2", "#009e73", "#8a8f98")
_TILE: Final = 160
_COLUMNS: Final = 8
_MOST: Final = 40
_ROOM: Final = 1.0
_PINK: Final = (255, 64, 160)

Image = npt.NDArray[np.uint8]
_Entry = tuple[float, Photograph, npt.NDArray[np.float32], str]


def draw_curves(curves: Mapping[str, Mapping[str, Curve]], thresholds: Mapping[str, float], path: Path) -> None:
    """Precision over recall of each detector as PNG, a dot at its usual threshold.

    Args:
        curves: by detector, then by the faces' height, of which `>=16` and `>=32` are drawn.
        thresholds: by detector.
        path: the file to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for axes, heights in zip(figure.subplots(1, 2), (">=16", ">=32"), strict=True):
        for (name, drawn), color in zip(curves.items(), COLORS, strict=False):
            line = drawn[heights]
            axes.plot(line.recall, line.precision, color=color, label=name, linewidth=1.8)
            axes.plot(*line.at_threshold(thresholds[name]), "o", color=color, markersize=6)
        axes.set_title(f"Faces of {heights[2:]} pixels and more, IoU 0.4", loc="left", fontsize=11)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
        axes.set_xlim(0, 1)
        axes.set_ylim(0.5, 1.005)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower left")
    figure.savefig(path, dpi=150)


def write_misses(judged: Judged, photographs: Sequence[Photograph], path: Path) -> int:
    """The largest faces that were not found at the usual threshold, in one JPEG; gives how many were missed."""
    found: list[_Entry] = []
    for seen, photograph in zip(judged.sightings, photographs, strict=True):
        missed = misses_of(seen.above(judged.threshold), photograph)
        found += [(float(box[3] - box[1]), photograph, box, f"{box[3] - box[1]:.0f} px") for box in missed]
    return _write_sheet(found, path)


def write_alarms(judged: Judged, photographs: Sequence[Photograph], path: Path) -> int:
    """The surest false alarms at the usual threshold, in one JPEG; gives how many there were."""
    found: list[_Entry] = []
    for seen, photograph in zip(judged.sightings, photographs, strict=True):
        wrong = alarms_of(seen.above(judged.threshold), photograph)
        pairs = zip(wrong.boxes, wrong.scores, strict=True)
        found += [(float(score), photograph, box, f"{score:.2f}") for box, score in pairs]
    return _write_sheet(found, path)


def _write_sheet(found: list[_Entry], path: Path) -> int:
    worst = sorted(found, key=lambda entry: -entry[0])[:_MOST]
    rows = max(1, -(-len(worst) // _COLUMNS))
    sheet = np.full((rows * _TILE, _COLUMNS * _TILE, 3), 255, np.uint8)
    for number, (_, photograph, box, label) in enumerate(worst):
        top, left = number // _COLUMNS * _TILE, number % _COLUMNS * _TILE
        sheet[top : top + _TILE, left : left + _TILE] = _tile(read_image(photograph.image), box, label)
    done, code = cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert done
    path.write_bytes(code.tobytes())
    return len(found)


def _tile(image: Image, box: npt.NDArray[np.float32], label: str) -> Image:
    """The square around a box, the box drawn into it, with a label."""
    side = max(float((box[2:] - box[:2]).max()) * (1 + 2 * _ROOM), 32.0)
    scale = (_TILE - 2) / side
    corner = (box[:2] + box[2:]) / 2 - side / 2
    matrix = np.array(((scale, 0, -corner[0] * scale), (0, scale, -corner[1] * scale)))
    tile = cv2.warpAffine(image, matrix, (_TILE - 2, _TILE - 2), flags=cv2.INTER_LINEAR, borderValue=(128,) * 3)
    near, far = ((point - corner) * scale for point in (box[:2], box[2:]))
    cv2.rectangle(tile, (round(near[0]), round(near[1])), (round(far[0]), round(far[1])), _PINK, 1)
    cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(cv2.copyMakeBorder(tile, 0, 2, 0, 2, cv2.BORDER_CONSTANT, value=(255,) * 3), np.uint8)

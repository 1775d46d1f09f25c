"""Report on detectors compared on the same images: report.json, report.md, curves and contact sheets."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mememoji.datasets.detection_images import DetectionSample
from mememoji.evaluation.detection.detection_figures import (
    plot_precision_recall,
    write_false_negatives,
    write_false_positives,
)
from mememoji.evaluation.detection.detection_metrics import (
    FACE_SIZES,
    IOU_THRESHOLDS,
    MIN_CROWD_FACES,
    compute_metrics,
    count_false_positives,
    precision_recall_curves,
)
from mememoji.evaluation.detection.detector_comparison import compare_detectors
from mememoji.evaluation.detection.detector_predictions import DetectorPredictions
from mememoji.evaluation.markdown import format_table
from mememoji.evaluation.report_folder import to_json_types, write_report_folder


def make_report(
    predictions: Sequence[DetectorPredictions],
    samples: Sequence[DetectionSample],
    hard_negatives: Mapping[str, DetectorPredictions] | None = None,
    hard_negative_samples: Sequence[DetectionSample] = (),
) -> dict[str, Any]:
    """Compute all metrics of all detectors in a form that JSON can hold.

    Args:
        predictions: Predictions of each detector on the images.
        samples: Images with labeled faces.
        hard_negatives: Predictions by detector on images of animals that were held out of training.
        hard_negative_samples: Images of animals that were held out of training.

    Returns:
        `images`, `faces`, and for each of `detectors` the values of `compute_metrics`, `hard_negatives` (as in
        `count_false_positives`), and `recall_at_precision_of`: for each other detector, by IoU and face size, the
        recall at the precision that the other one has at its threshold. `paired_with` has the values of
        `compare_detectors` for each later detector.
    """
    curves = {one.name: precision_recall_curves(one, samples) for one in predictions}
    detectors: dict[str, Any] = {}
    for one in predictions:
        detectors[one.name] = compute_metrics(one, samples)
        if hard_negatives is not None:
            counts = count_false_positives(hard_negatives[one.name], hard_negative_samples)
            detectors[one.name]["hard_negatives"] = counts["animals"]
        detectors[one.name]["recall_at_precision_of"] = {
            other.name: {
                f"{iou_threshold:g}": {
                    name: curves[one.name][iou_threshold][name].recall_at_precision(
                        curves[other.name][iou_threshold][name].at_threshold(other.threshold)[1]
                    )[0]
                    for name in FACE_SIZES
                }
                for iou_threshold in IOU_THRESHOLDS
            }
            for other in predictions
            if other is not one
        }
    for index, one in enumerate(predictions):
        later = predictions[index + 1 :]
        detectors[one.name]["paired_with"] = {other.name: compare_detectors(one, other, samples) for other in later}
    num_faces = sum(len(sample.faces) for sample in samples)
    return {"images": len(samples), "faces": num_faces, "detectors": detectors}


def write_detection_report(
    report: Mapping[str, Any],
    predictions: Sequence[DetectorPredictions],
    samples: Sequence[DetectionSample],
    folder: Path,
    *,
    figures: bool = True,
) -> list[Path]:
    """Write precision-recall.png, the contact sheets of each detector, report.md and report.json.

    The contact sheets, false-negatives-….jpg and false-positives-….jpg, show faces of real people; `figures=False`
    omits them.

    Returns:
        The files that were written, report.json last.

    Raises:
        RunError: The folder cannot be written.
    """

    def draw(target: Path) -> list[str]:
        plot_precision_recall(
            {one.name: precision_recall_curves(one, samples)[IOU_THRESHOLDS[0]] for one in predictions},
            {one.name: one.threshold for one in predictions},
            target / "precision-recall.png",
        )
        names = ["precision-recall.png"]
        for one in predictions if figures else ():
            for kind, write in (("false-negatives", write_false_negatives), ("false-positives", write_false_positives)):
                names.append(f"{kind}-{one.name}.jpg")
                write(one, samples, target / names[-1])
        return names

    content = to_json_types(report)
    return write_report_folder(folder, "report", draw=draw, render=lambda _: to_markdown(report), content=content)


def to_markdown(report: Mapping[str, Any]) -> str:
    """Return the metrics as Markdown tables with a column for each detector."""
    detectors: Mapping[str, Any] = report["detectors"]
    rows: list[tuple[str, list[str]]] = [("score threshold", [f"{d['threshold']:.2f}" for d in detectors.values()])]
    for iou in map("{:g}".format, IOU_THRESHOLDS):
        for face_size in (">=16", ">=32"):
            rows += _format_curve_rows(detectors, iou, face_size)
        for face_size in FACE_SIZES:
            cells = [f"{d['by_iou'][iou][face_size]['average_precision']:.3f}" for d in detectors.values()]
            rows.append((f"average precision, {_format_face_size(face_size)}, IoU {iou}", cells))
        for face_size in list(FACE_SIZES)[:4]:
            cells = [f"{d['by_iou'][iou][face_size]['recall']:.3f}" for d in detectors.values()]
            rows.append((f"recall, {_format_face_size(face_size)}, IoU {iou}", cells))
    rows += _format_crowd_rows(detectors)
    for title, name, count in (
        ("landmark error (NME, inter-ocular), %", "nme", "nme_faces"),
        ("landmark error, median", "nme_median", "nme_faces"),
        ("landmark error, mean of frontal faces", "nme_frontal", "nme_frontal_faces"),
    ):
        rows.append((title, [_format_nme(d[name], d[count]) for d in detectors.values()]))
    for kind, title in (("animals", "images of animals"), ("no_faces", "other images without a face")):
        num_images = next(iter(detectors.values()))["false_positives"][kind]["images"]
        cells = [f"{d['false_positives'][kind]['per_100']:.1f}" for d in detectors.values()]
        rows.append((f"false positives per 100 {title} ({num_images})", cells))
    if all("hard_negatives" in d for d in detectors.values()):
        num_images = next(iter(detectors.values()))["hard_negatives"]["images"]
        cells = [f"{d['hard_negatives']['per_100']:.1f}" for d in detectors.values()]
        rows.append((f"false positives per 100 held-out images of animals ({num_images})", cells))
    sections = [
        f"{report['images']:,} images with {report['faces']:,} faces.",
        format_table(("", *detectors), [(name, *cells) for name, cells in rows]),
        *_format_paired_table(detectors),
    ]
    return "\n\n".join(sections) + "\n"


def _format_crowd_rows(detectors: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    crowds = [d["crowds"] for d in detectors.values()]
    if not crowds[0]["images"]:
        return []
    rows = []
    for face_size, precision in ((">=16", "0.985"), (">=32", "0.99")):
        subset = f"{crowds[0]['images']} images with {MIN_CROWD_FACES} faces or more, {_format_face_size(face_size)}"
        metrics = [crowd[face_size] for crowd in crowds]
        rows.append((f"recall / precision, {subset}", [f"{m['recall']:.3f} / {m['precision']:.3f}" for m in metrics]))
        cells = [f"{m[f'recall_at_{precision}']:.3f}" for m in metrics]
        rows.append((f"recall at precision {precision}, {subset}", cells))
    return rows


def _format_paired_table(detectors: Mapping[str, Any]) -> list[str]:
    """Return the table of paired tests, empty for a single detector."""
    rows = []
    for one, metrics in detectors.items():
        for other, compared in metrics["paired_with"].items():
            for face_size, values in compared.items():
                recall = ", ".join(f"{value:.3f}" for value in values["recall"])
                only_one = f"{values['only_first']}, {values['only_second']}"
                subset = f"{_format_face_size(face_size)}, {values['precision']:g}"
                rows.append((f"{one}, {other}", subset, recall, only_one, f"{values['p']:.2g}"))
    if not rows:
        return []
    head = ("detectors", "faces, precision", "recall of each", "faces that only one detects", "p, McNemar's exact test")
    return [format_table(head, rows)]


def _format_curve_rows(detectors: Mapping[str, Any], iou: str, face_size: str) -> list[tuple[str, list[str]]]:
    metrics = [d["by_iou"][iou][face_size] for d in detectors.values()]
    subset = f"{_format_face_size(face_size)}, IoU {iou}"
    rows = [(f"recall / precision, {subset}", [f"{m['recall']:.3f} / {m['precision']:.3f}" for m in metrics])]
    rows += [
        (f"recall at precision {precision}, {subset}", [f"{m[f'recall_at_{precision}']:.3f}" for m in metrics])
        for precision in ("0.98", "0.985" if face_size == ">=16" else "0.99")
    ]
    for other in detectors:
        cells = []
        for name, of_detector in detectors.items():
            at_precision = of_detector["recall_at_precision_of"]
            own = of_detector["by_iou"][iou][face_size]["recall"]
            cells.append(f"{own if name == other else at_precision[other][iou][face_size]:.3f}")
        rows.append((f"recall at {other}'s precision, {subset}", cells))
    return rows


def _format_nme(error: float | None, num_faces: int) -> str:
    return "none" if error is None else f"{100 * error:.1f} ({num_faces} faces)"


def _format_face_size(face_size: str) -> str:
    return (
        f"{face_size.replace('>=', '').replace('+', '')} px and more"
        if face_size[0] == ">" or face_size[-1] == "+"
        else (f"{face_size} px")
    )

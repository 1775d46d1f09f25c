"""The folder of a detectors' comparison: report.json, report.md, curves and contact sheets."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mememoji.datasets.detection_images import Photograph
from mememoji.evaluation.detection.detection_figures import draw_curves, write_alarms, write_misses
from mememoji.evaluation.detection.detection_metrics import CROWD, HEIGHTS, IOUS, Judged, curves, false_alarms, figures
from mememoji.evaluation.detection.detection_pairs import compare_pair


def report_on(
    judged: Sequence[Judged],
    photographs: Sequence[Photograph],
    held_out: Mapping[str, Judged] | None = None,
    held_out_photographs: Sequence[Photograph] = (),
) -> dict[str, Any]:
    """All figures of all detectors, ready for JSON.

    Args:
        judged: the detectors, each with its sightings in the images.
        images: those with labeled faces.
        held_out: by detector, its sightings in images of animals that were held out of training.
        held_out_photographs: these.

    Returns:
        `photographs`, `faces`, and for each of `detectors` what `figures` gives, `held_out_animals` (as
        `false_alarms` gives them), and `recall_at_precision_of`: for each other detector, by IoU and by height, the
        recall at the precision that the other has at its usual threshold. `paired_with` holds for each detector that
        comes later what `compare_pair` gives.
    """
    drawn = {one.name: curves(one, photographs) for one in judged}
    detectors: dict[str, Any] = {}
    for one in judged:
        detectors[one.name] = figures(one, photographs)
        if held_out is not None:
            detectors[one.name]["held_out_animals"] = false_alarms(held_out[one.name], held_out_photographs)["animals"]
        detectors[one.name]["recall_at_precision_of"] = {
            other.name: {
                f"{iou:g}": {
                    name: drawn[one.name][iou][name].at_precision(
                        drawn[other.name][iou][name].at_threshold(other.threshold)[1]
                    )[0]
                    for name in HEIGHTS
                }
                for iou in IOUS
            }
            for other in judged
            if other is not one
        }
    for number, one in enumerate(judged):
        later = judged[number + 1 :]
        detectors[one.name]["paired_with"] = {other.name: compare_pair(one, other, photographs) for other in later}
    faces = sum(len(photograph.faces) for photograph in photographs)
    return {"photographs": len(photographs), "faces": faces, "detectors": detectors}


def write_report(
    report: Mapping[str, Any],
    judged: Sequence[Judged],
    photographs: Sequence[Photograph],
    folder: Path,
    *,
    pictures: bool = True,
) -> list[Path]:
    """Write report.json, report.md, curves.png and, with `pictures`, for each detector misses-… and alarms-….jpg.

    Contact sheets show people's faces: they are for whoever may see the images.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / name for name in ("report.json", "report.md", "curves.png")}
    files["report.json"].write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    files["report.md"].write_text(to_markdown(report), encoding="utf-8")
    draw_curves(
        {one.name: curves(one, photographs)[IOUS[0]] for one in judged},
        {one.name: one.threshold for one in judged},
        files["curves.png"],
    )
    for one in judged if pictures else ():
        for kind, write in (("misses", write_misses), ("alarms", write_alarms)):
            files[f"{kind}-{one.name}"] = folder / f"{kind}-{one.name}.jpg"
            write(one, photographs, files[f"{kind}-{one.name}"])
    return list(files.values())


def to_markdown(report: Mapping[str, Any]) -> str:
    """The figures as tables, a column for each detector."""
    detectors: Mapping[str, Any] = report["detectors"]
    lines = [f"{report['photographs']:,} images with {report['faces']:,} faces.", ""]
    rows: list[tuple[str, list[str]]] = [("score threshold", [f"{d['threshold']:.2f}" for d in detectors.values()])]
    for iou in map("{:g}".format, IOUS):
        for heights in (">=16", ">=32"):
            rows += _curve_rows(detectors, iou, heights)
        for heights in HEIGHTS:
            cells = [f"{d['by_iou'][iou][heights]['average_precision']:.3f}" for d in detectors.values()]
            rows.append((f"average precision, {_px(heights)}, IoU {iou}", cells))
        for heights in list(HEIGHTS)[:4]:
            cells = [f"{d['by_iou'][iou][heights]['recall']:.3f}" for d in detectors.values()]
            rows.append((f"recall, {_px(heights)}, IoU {iou}", cells))
    rows += _crowd_rows(detectors)
    for title, name, faces in (
        ("landmark error / distance of the eyes (NME), %", "landmark_error", "landmark_faces"),
        ("the same, median", "landmark_median", "landmark_faces"),
        ("the same, mean of frontal faces", "frontal_landmark_error", "frontal_landmark_faces"),
    ):
        rows.append((title, [_error(d[name], d[faces]) for d in detectors.values()]))
    for kind, title in (("animals", "images of animals"), ("faceless", "others without a face")):
        first = next(iter(detectors.values()))["false_alarms"][kind]["photographs"]
        cells = [f"{d['false_alarms'][kind]['per_100']:.1f}" for d in detectors.values()]
        rows.append((f"false alarms in 100 {title} ({first})", cells))
    if all("held_out_animals" in d for d in detectors.values()):
        first = next(iter(detectors.values()))["held_out_animals"]["photographs"]
        cells = [f"{d['held_out_animals']['per_100']:.1f}" for d in detectors.values()]
        rows.append((f"false alarms in 100 held-out images of animals ({first})", cells))
    lines += ["| | " + " | ".join(detectors) + " |", "|---" * (len(detectors) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    lines += _paired(detectors)
    return "\n".join(lines) + "\n"


def _crowd_rows(detectors: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    found = [d["crowds"] for d in detectors.values()]
    if not found[0]["photographs"]:
        return []
    rows = []
    for heights, wanted in ((">=16", "0.985"), (">=32", "0.99")):
        where = f"{found[0]['photographs']} images with {CROWD} faces or more, {_px(heights)}"
        of_height = [f[heights] for f in found]
        rows.append((f"recall / precision, {where}", [f"{f['recall']:.3f} / {f['precision']:.3f}" for f in of_height]))
        rows.append((f"recall at precision {wanted}, {where}", [f"{f[f'recall_at_{wanted}']:.3f}" for f in of_height]))
    return rows


def _paired(detectors: Mapping[str, Any]) -> list[str]:
    """Tabulate the paired tests, if there are two detectors."""
    rows = []
    for one, figures_ in detectors.items():
        for other, compared in figures_["paired_with"].items():
            for heights, found in compared.items():
                recall = ", ".join(f"{value:.3f}" for value in found["recall"])
                alone = f"{found['only_first']}, {found['only_second']}"
                where = f"{_px(heights)}, {found['precision']:g}"
                rows.append(f"| {one}, {other} | {where} | {recall} | {alone} | {found['p']:.2g} |")
    if not rows:
        return []
    head = "| detectors | faces, precision | recall of each | faces that one alone finds | p, McNemar's exact test |"
    return ["", head, "|---" * 5 + "|", *rows]


def _curve_rows(detectors: Mapping[str, Any], iou: str, heights: str) -> list[tuple[str, list[str]]]:
    found = [d["by_iou"][iou][heights] for d in detectors.values()]
    where = f"{_px(heights)}, IoU {iou}"
    rows = [(f"recall / precision, {where}", [f"{f['recall']:.3f} / {f['precision']:.3f}" for f in found])]
    rows += [
        (f"recall at precision {wanted}, {where}", [f"{f[f'recall_at_{wanted}']:.3f}" for f in found])
        for wanted in ("0.98", "0.985" if heights == ">=16" else "0.99")
    ]
    for other in detectors:
        cells = []
        for name, figures_ in detectors.items():
            at = figures_["recall_at_precision_of"]
            own = figures_["by_iou"][iou][heights]["recall"]
            cells.append(f"{own if name == other else at[other][iou][heights]:.3f}")
        rows.append((f"recall at {other}'s precision, {where}", cells))
    return rows


def _error(error: float | None, faces: int) -> str:
    return "none" if error is None else f"{100 * error:.1f} ({faces} faces)"


def _px(heights: str) -> str:
    return (
        f"{heights.replace('>=', '').replace('+', '')} px and more"
        if heights[0] == ">" or heights[-1] == "+"
        else (f"{heights} px")
    )

"""`mememoji data`: prepare FER2013, crops with non-faces, and face sets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from mememoji.cli.options import DetectorName, DetectorWeights

app = typer.Typer(help="Prepare datasets of faces.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Prepare datasets of faces."""


@app.command()
def prepare(
    source: Annotated[
        Path,
        typer.Argument(
            help="FER2013: fer2013.csv, plain or compressed (.gz, .bz2, .xz, .zip, .tar.gz); Parquet; or a folder "
            "train/<emotion>/*.jpg.",
            metavar="SOURCE",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder to write, created once everything is complete; an earlier output is replaced."),
    ],
    votes: Annotated[
        Path | None, typer.Option(help="fer2013new.csv of FER+, with the same rows as the source.")
    ] = None,
    keep_duplicates: Annotated[
        bool,
        typer.Option("--keep-duplicates", help="Keep images in train that are duplicates of an image of val or test."),
    ] = False,
) -> None:
    """Write train.parquet, val.parquet, test.parquet, card.json, faces.png and classes.png.

    Images of train that are exact or near duplicates of an image of val or test are left out, and listed in card.json.
    """
    from mememoji.datasets.fer2013.prepare_fer2013 import prepare_fer2013

    card = prepare_fer2013(source, votes, out, keep_duplicates=keep_duplicates, progress=True)
    for line in _summarize_splits(card, out):
        typer.echo(line)


@app.command()
def crops(
    images: Annotated[
        Path,
        typer.Argument(help="Images with labeled faces, as for `detector train`.", metavar="IMAGES"),
    ],
    out: Annotated[Path, typer.Option(help="File to write, for `train --negatives`.", metavar="FILE")],
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the background crops.")] = 0,
) -> None:
    """Crop faces and non-faces from images: background, and false positives of detectors with a low threshold.

    The hard negatives that the detector's training holds out are held out here too, for evaluation.
    """
    from collections import Counter

    import numpy as np

    from mememoji.datasets.detection_images import read_detection_samples
    from mememoji.datasets.negatives import LabeledCrops, extract_crops, make_low_threshold_detectors, write_crops
    from mememoji.output_files import check_outputs, check_suffix

    check_suffix("--out", out, (".parquet",))
    check_outputs({"--out": out}, {"IMAGES": images})
    samples = [sample for sample in read_detection_samples(images) if not sample.is_hard_negative]
    counts: Counter[str] = Counter()
    all_crops, is_face = [np.zeros((0, 48, 48), np.uint8)], [np.zeros(0, bool)]
    detectors, rng = make_low_threshold_detectors(), np.random.default_rng(seed)
    for kind, new in extract_crops(samples, detectors, rng, progress=True):
        counts[kind] += len(new)
        all_crops.append(new)
        is_face.append(np.full(len(new), kind == "faces"))
    write_crops(LabeledCrops(np.concatenate(all_crops), np.concatenate(is_face)), out)
    kinds = ", ".join(f"{count:,} of {kind}" for kind, count in counts.items())
    typer.echo(f"{counts.total():,} crops ({kinds}) written to {out}")


@app.command()
def faces(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders DIR/<class>/... of images or face crops; Parquet of images with a label; face sets; "
            "split files. SOURCE:0.6 sets the trust in its labels, their weight in training.",
            metavar="SOURCE...",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Face set to write, with its card beside it.", metavar="FILE.parquet")],
    trust: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Trust in labels of sources that do not state it.")
    ] = 0.8,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="Held-out faces (a split file, face set, Parquet of images or folder): duplicates of these are "
            "dropped.",
            metavar="FILE",
        ),
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(help="Other faces: duplicates of these are counted and kept.", metavar="FILE"),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Minimum confidence of a detected face.")
    ] = 0.6,
    min_size: Annotated[
        int, typer.Option(min=1, help="Minimum size of a detected face: the longer side of its box in pixels.")
    ] = 40,
    largest: Annotated[
        bool,
        typer.Option(
            "--largest", help="Use the largest face of a labeled image even if another is at least half as large."
        ),
    ] = False,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    license_text: Annotated[
        list[str] | None,
        typer.Option("--license", help="License of all sources, or one for each in turn.", metavar="TEXT"),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Contact sheet to draw, with faces of each emotion.", metavar="FILE.png")
    ] = None,
) -> None:
    """Make a face set from images of any origin, for `train --faces`.

    The detector finds the largest face of each image, which is cropped as `predict` crops it. Folders are named after
    classes: angry, disgust, fear, happy, sad, surprise, neutral, contempt, or unlabeled.
    """
    from mememoji.datasets.face_sets.face_cutter import FaceCutter
    from mememoji.datasets.face_sets.face_source import FaceSource
    from mememoji.datasets.face_sets.prepare_faces import prepare_faces
    from mememoji.detection.registry import make_detector
    from mememoji.output_files import check_suffix

    check_suffix("--out", out, (".parquet",))
    check_suffix("--sheet", sheet, (".png",))
    cutter = FaceCutter(make_detector(detector, detector_weights), min_confidence, min_size, largest)
    card = prepare_faces(
        [FaceSource.from_text(text) for text in sources],
        out,
        cutter,
        trust=trust,
        against=[FaceSource(path) for path in against or ()],
        compare=[FaceSource(path) for path in compare or ()],
        licenses=license_text or (),
        sheet=sheet,
        progress=True,
    )
    for line in _summarize_faces(card, out):
        typer.echo(line)


def _summarize_faces(card: dict[str, Any], out: Path) -> Iterator[str]:
    for source in card["inputs"]:
        reasons = [f"{count:,} {reason}" for reason, count in source["skipped"].items() if count]
        skipped = f"; skipped: {', '.join(reasons)}" if reasons else ""
        yield f"{source['name']}: {source['faces']:,} faces of {source['images']:,} images{skipped}"
        for name in source["skipped_images"].get("damaged", ())[:5]:
            yield f"  damaged: {name}"
        if source["other_files"]:
            others = [f"{count:,} {suffix}" for suffix, count in source["other_files"].items()]
            yield f"  skipped, not images of a known format: {', '.join(others)}"
    for file in card["against"]["files"]:
        outcome = "dropped" if file["dropped"] else "kept"
        yield f"{file['duplicates']:,} duplicates of {file['name']} {outcome}"
    within = card["duplicates_within"]
    if within["dropped"]:
        num_removed = len(within["labels_removed"])
        yield f"{within['dropped']:,} duplicates of other faces dropped, {num_removed:,} conflicting labels removed"
    labels = ", ".join(f"{label} {count:,}" for label, count in card["labels"].items())
    yield f"{card['faces']:,} faces: {labels}"
    yield f"written to {out}"


def _summarize_splits(card: dict[str, Any], out: Path) -> Iterator[str]:
    width = max(len(name) for name in card["splits"])
    for name, split in card["splits"].items():
        classes = ", ".join(f"{emotion} {count:,}" for emotion, count in split["classes_6"].items())
        yield f"{name:<{width}}  {split['images']:>6,} images: {classes}"
    leaks = card["leaks"]
    if leaks["count"]:
        outcome = "left out of" if leaks["left_out_of_train"] else "kept in"
        yield f"{leaks['count']:,} duplicates of held-out images {outcome} train"
    yield f"written to {out}"

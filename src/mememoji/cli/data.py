"""`mememoji data`: datasets of faces in, split files out."""

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
            "train/<emotion>/*.jpg."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder to write. It appears when all is done; an earlier output there is replaced."),
    ],
    votes: Annotated[
        Path | None, typer.Option(help="FER+'s fer2013new.csv, whose rows are those of the source.")
    ] = None,
    keep_duplicates: Annotated[
        bool,
        typer.Option("--keep-duplicates", help="Keep images in train that show the same image as one of val or test."),
    ] = False,
) -> None:
    """Write train.parquet, val.parquet, test.parquet, card.json, faces.png and classes.png.

    Images of train that are duplicates of a held-out one, exact or near, are left out, and listed in card.json.
    """
    from mememoji.datasets.fer2013.prepare_dataset import prepare as prepare_data

    card = prepare_data(source, votes, out, keep_duplicates=keep_duplicates, progress=True)
    for line in _summary(card, out):
        typer.echo(line)


@app.command()
def crops(
    photographs: Annotated[
        Path,
        typer.Argument(help="Images with labeled faces, as `detector train` reads them.", metavar="PHOTOS"),
    ],
    out: Annotated[Path, typer.Option(help="The file to write, for `train --crops` and others.", metavar="FILE")],
    seed: Annotated[int, typer.Option(min=0, help="Of where background is cut.")] = 0,
) -> None:
    """Cut faces and what is none out of images: background, and what detectors wrongly take for a face.

    The animals that a detector's training leaves out are left out here too, to judge by.
    """
    from collections import Counter

    import numpy as np

    from mememoji.datasets.detection_images import read_photographs
    from mememoji.datasets.negatives import Crops, cut, eager_detectors, write_crops

    learned = [photograph for photograph in read_photographs(photographs) if not photograph.is_held_out]
    counts: Counter[str] = Counter()
    images, are_faces = [np.zeros((0, 48, 48), np.uint8)], [np.zeros(0, bool)]
    for kind, some in cut(learned, eager_detectors(), np.random.default_rng(seed)):
        counts[kind] += len(some)
        images.append(some)
        are_faces.append(np.full(len(some), kind == "faces"))
    write_crops(Crops(np.concatenate(images), np.concatenate(are_faces)), out)
    kinds = ", ".join(f"{count:,} of {kind}" for kind, count in counts.items())
    typer.echo(f"{counts.total():,} crops ({kinds}) written to {out}")


@app.command()
def faces(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders DIR/<class>/... of images or face crops; Parquet of images with a label; face sets; "
            "split files. SOURCE:0.6 sets the trust in its labels.",
            metavar="SOURCE...",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The face set to write, its card beside it.", metavar="FILE.parquet")],
    trust: Annotated[float, typer.Option(min=0.0, max=1.0, help="Trust in labels that come without one.")] = 0.8,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="Held-out faces (a split file, face set, Parquet of images or folder): what shows the same image "
            "as one of these is dropped.",
            metavar="FILE",
        ),
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(help="Other faces: what shows the same image is counted and kept.", metavar="FILE"),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Ignore faces of which the detector is less confident.")
    ] = 0.6,
    min_size: Annotated[int, typer.Option(min=1, help="Pixels of the smallest face, its box's longer side.")] = 40,
    largest: Annotated[
        bool,
        typer.Option(
            "--largest", help="Take the largest face of a labeled image even where another is half as large or more."
        ),
    ] = False,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    license_text: Annotated[
        list[str] | None,
        typer.Option("--license", help="License of all sources, or one for each in turn.", metavar="TEXT"),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Draw some faces of each emotion, to look at.", metavar="FILE.png")
    ] = None,
) -> None:
    """Make a face set of images of any origin, for `train --faces`.

    The detector finds the largest face of each image, and it is cut out as `predict` cuts it. Folders are named by
    classes: angry, disgust, fear, happy, sad, surprise, neutral, contempt, or unlabeled.
    """
    from mememoji.datasets.face_sets.face_cutter import FaceCutter
    from mememoji.datasets.face_sets.face_source import FaceSource
    from mememoji.datasets.face_sets.prepare_faces import prepare_faces
    from mememoji.detection.registry import make_detector

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
    for line in _faces_summary(card, out):
        typer.echo(line)


def _faces_summary(card: dict[str, Any], out: Path) -> Iterator[str]:
    for source in card["inputs"]:
        reasons = [f"{count:,} {reason}" for reason, count in source["left_out"].items() if count]
        yield f"{source['name']}: {source['faces']:,} faces of {source['images']:,} images" + _listed(reasons)
        for name in source["left_out_images"].get("damaged", ())[:5]:
            yield f"  damaged: {name}"
        if source["other_files"]:
            others = [f"{count:,} {suffix}" for suffix, count in source["other_files"].items()]
            yield f"  not read, not images of a known format: {', '.join(others)}"
    for file in card["against"]["files"]:
        fate = "dropped" if file["dropped"] else "kept"
        yield f"{file['duplicates']:,} show the same image as one of {file['name']}: {fate}"
    inside = card["duplicates_inside"]
    if inside["dropped"]:
        taken_off = len(inside["labels_taken_off"])
        yield f"{inside['dropped']:,} duplicates of other faces dropped, {taken_off:,} labels in conflict taken off"
    labels = ", ".join(f"{label} {count:,}" for label, count in card["labels"].items())
    yield f"{card['faces']:,} faces: {labels}"
    yield f"written to {out}"


def _listed(reasons: list[str]) -> str:
    return f"; left out: {', '.join(reasons)}" if reasons else ""


def _summary(card: dict[str, Any], out: Path) -> Iterator[str]:
    width = max(len(name) for name in card["splits"])
    for name, split in card["splits"].items():
        classes = ", ".join(f"{emotion} {count:,}" for emotion, count in split["classes_6"].items())
        yield f"{name:<{width}}  {split['pictures']:>6,} images: {classes}"
    leaks = card["leaks"]
    if leaks["count"]:
        fate = "left out of train" if leaks["left_out_of_train"] else "kept in train, as asked"
        yield f"{leaks['count']:,} images show the same image as a held-out one: {fate}"
    yield f"written to {out}"

"""`mememoji predict`: read the facial expressions in images."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from mememoji.cli.console import Console
from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Weights, make_analyzer
from mememoji.cli.output_formatter import ImageResult, JsonFormatter, OutputFormatter, TableFormatter
from mememoji.cli.saved_images import ImageFolder, save_annotated, save_crops
from mememoji.cli.sources import find_sources
from mememoji.errors import InputError
from mememoji.file_names import format_name


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Images, folders that are searched for images, or - for standard input.",
            metavar="PATH...",
            show_default=False,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array with one object for each image.")] = False,
    annotated_folder: Annotated[
        Path | None,
        typer.Option(
            "--save-annotated", help="Save copies with boxes and composition bars to this folder.", metavar="DIR"
        ),
    ] = None,
    memes: Annotated[bool, typer.Option("--memes", help="Draw meme faces on the annotated copies.")] = False,
    crops_folder: Annotated[
        Path | None,
        typer.Option("--save-crops", help="Save an aligned color crop of every face to this folder.", metavar="DIR"),
    ] = None,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    small_faces: Annotated[
        bool,
        typer.Option("--small-faces", help="Find faces that are small in large images too; slower."),
    ] = False,
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Read the facial expressions in images.

    The exit code is 0 if all images were read, whether they show a face or not; 1 if some images or folders could not
    be read, which are reported on standard error; 2 if the command was used incorrectly.
    """
    from mememoji.cli.crop_table import CropTable
    from mememoji.image_io import decode_image

    if memes and annotated_folder is None:
        raise typer.BadParameter("needs annotated copies to draw on; add --save-annotated DIR", param_hint="--memes")
    analyzer = make_analyzer(detector, detector_weights, classifier, weights, small_faces=small_faces)
    listing = find_sources(paths)
    sources = listing.sources
    formatter: OutputFormatter = JsonFormatter() if as_json else TableFormatter([source.name for source in sources])
    num_errors = len(listing.errors)
    with ExitStack() as stack:
        annotated_images = ImageFolder(annotated_folder, sources) if annotated_folder else None
        crops = ImageFolder(crops_folder, sources, annotated_images) if crops_folder else None
        crop_table = stack.enter_context(CropTable(crops_folder)) if crops_folder else None
        console = stack.enter_context(Console(len(sources)))
        for line in (*listing.errors, *listing.notes):
            console.warn(line)
        for source in sources:
            name = format_name(source.name)
            try:
                image, warnings = decode_image(source.open(analyzer.limits), analyzer.limits)
                analysis = analyzer.classify_faces(image, analyzer.find_faces(image), warnings=warnings)
                saved: dict[str, Any] = {}
                if annotated_images is not None:
                    saved |= save_annotated(annotated_images, source, image, analysis, memes=memes)
                if crops is not None and crop_table is not None:
                    saved |= save_crops(crops, crop_table, source, image, analysis, analyzer)
            except InputError as error:
                num_errors += 1
                message = " ".join(str(error).split())
                console.warn(message if name in message else f"{name}: {message}")
                result = ImageResult(source.name, error=message)
            else:
                for warning in warnings:
                    console.warn(f"{name}: {warning}")
                result = ImageResult(source.name, analysis, saved)
            console.print(formatter.add(result))
            console.advance()
        console.print(formatter.end())
    if num_errors:
        raise typer.Exit(1)

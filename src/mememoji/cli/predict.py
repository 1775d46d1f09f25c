"""`mememoji predict`: what the faces in images show."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mememoji.cli.console import Screen
from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Weights, find_classifier_weights
from mememoji.cli.output_formatter import JsonListing, Listing, Outcome, TableListing
from mememoji.cli.saved_images import PictureFolder, write_annotated, write_crops
from mememoji.cli.sources import find_sources
from mememoji.errors import InputError


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Images, folders of images (with the folders in them), or - for standard input.",
            show_default=False,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array, an object for each image.")] = False,
    annotate: Annotated[
        Path | None, typer.Option(help="Write copies with boxes and composition bars to this folder.", metavar="DIR")
    ] = None,
    memes: Annotated[
        bool, typer.Option("--memes", help="Lay a meme face over every face of the annotated copies.")
    ] = False,
    crops: Annotated[
        Path | None, typer.Option(help="Write every face, cut from its image, to this folder.", metavar="DIR")
    ] = None,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    small_faces: Annotated[
        bool,
        typer.Option("--small-faces", help="Look for faces that are small in large images; takes longer."),
    ] = False,
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Say what the faces in images show.

    The exit code is 0 when all images were read, also where one shows no face; 1 when some could not be read, which
    are named on standard error; 2 when the command was called wrongly.
    """
    from mememoji.analyzer import Analyzer
    from mememoji.detection.registry import make_detector
    from mememoji.image_io import read_image

    if memes and annotate is None:
        raise typer.BadParameter("meme faces are laid on annotated copies: name --annotate DIR", param_hint="--memes")
    try:
        finder = make_detector(detector, detector_weights, small_faces=small_faces)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--detector") from error
    analyzer = Analyzer(finder, find_classifier_weights(classifier, weights))
    sources, empty = find_sources(paths)
    names = [source.name for source in sources]
    copies = PictureFolder(annotate, names) if annotate else None
    faces = PictureFolder(crops, names) if crops else None
    listing: Listing = JsonListing() if as_json else TableListing(names)
    failures = len(empty)
    with Screen(len(sources)) as screen:
        for folder in empty:
            screen.warn(f"{folder}: no images in this folder")
        for source in sources:
            try:
                image = read_image(source.picture(analyzer.limits), analyzer.limits)
                analysis = analyzer.analyze_array(image)
                written: dict[str, Any] = {}
                if copies is not None:
                    written |= write_annotated(copies, source, image, analysis, memes=memes)
                if faces is not None:
                    written |= write_crops(faces, source, image, analysis, analyzer.margin)
            except InputError as error:
                failures += 1
                message = " ".join(str(error).split())
                screen.warn(message if source.name in message else f"{source.name}: {message}")
                outcome = Outcome(source.name, error=message)
            else:
                outcome = Outcome(source.name, analysis, written)
            screen.print(listing.add(outcome))
            screen.step()
        screen.print(listing.end())
    if failures:
        raise typer.Exit(1)

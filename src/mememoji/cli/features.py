"""`mememoji features`: what the network sees in a face, layer by layer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, Weights, find_classifier_weights

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mememoji.classification.feature_extractor import Inside
    from mememoji.image_io import RGBImage
    from mememoji.results import Composition

ACTIVATION = "activation"
"""The layer's name that asks for class activation maps."""


def features(
    picture: Annotated[Path | None, typer.Argument(help="An image with a face.", metavar="PICTURE")] = None,
    layer: Annotated[
        str,
        typer.Option(help="A layer's name, or activation: where in the face each emotion comes from.", metavar="NAME"),
    ] = ACTIVATION,
    out: Annotated[Path | None, typer.Option(help="The PNG to write; PICTURE-NAME.png if not given.")] = None,
    face: Annotated[int, typer.Option(help="Which face, as `mememoji predict` counts them.", min=1)] = 1,
    at_most: Annotated[int, typer.Option("--maps", help="How many of a layer's maps to draw.", min=1)] = 47,
    list_layers: Annotated[bool, typer.Option("--list-layers", help="List the layers and exit.")] = False,
    detector: Annotated[str, typer.Option(help="How faces are found, as for `mememoji predict`.")] = "auto",
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Draw what the network computes on a face: a layer's maps, or where each emotion comes from."""
    import numpy as np

    from mememoji.classification.feature_extractor import Inside
    from mememoji.errors import InputError, RunError
    from mememoji.image_io import encode_png

    weights = find_classifier_weights(classifier, weights)
    inside = Inside(weights)
    if list_layers:
        blank = np.zeros((1, inside.card.side, inside.card.side), np.uint8)
        for name in inside.layers:
            _, channels, high, wide = inside.maps(blank, name).shape
            typer.echo(f"{name:<10}  {channels} maps of {wide}x{high}")
        return
    if picture is None:
        raise typer.BadParameter("name an image, or ask for --list-layers", param_hint="PICTURE")
    if layer != ACTIVATION and layer not in inside.layers:
        raise InputError(f"no layer {layer!r}; there are {', '.join((*inside.layers, ACTIVATION))}")
    drawn = _draw(inside, *_find(picture, face, detector, weights), layer, at_most)
    out = picture.with_name(f"{picture.stem}-{layer}.png") if out is None else out
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(encode_png(drawn))
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror}; name another file with --out") from error
    typer.echo(str(out))


def _find(picture: Path, number: int, detector: str, weights: Path) -> "tuple[npt.NDArray[np.uint8], Composition]":
    """The crop of one face, (side, side) uint8, as the classifier gets it, and what it is said to show."""
    from mememoji.analyzer import Analyzer
    from mememoji.classification.preprocess import crop_faces
    from mememoji.errors import InputError
    from mememoji.image_io import read_image

    analyzer = Analyzer(detector, weights)
    image = read_image(picture, analyzer.limits)
    faces = analyzer.analyze_array(image).faces
    if number > len(faces):
        raise InputError(f"{picture} shows {len(faces)} faces to this detector, so there is no face {number}")
    found = faces[number - 1]
    crops = crop_faces(image, [found.box], margin=analyzer.margin, side=analyzer.classifier.card.side)
    return crops[0], found.composition


def _draw(
    inside: "Inside", crop: "npt.NDArray[np.uint8]", composition: "Composition", layer: str, at_most: int
) -> "RGBImage":
    from mememoji.drawing.feature_maps import draw_activations, draw_maps
    from mememoji.emotions import EMOTIONS

    if layer != ACTIVATION:
        return draw_maps(crop, inside.maps(crop[None], layer)[0], layer, at_most=at_most)
    activations = {
        f"{emotion} {100 * composition[emotion]:.0f} %": inside.activation(crop[None], emotion)[0]
        for emotion in EMOTIONS
    }
    return draw_activations(crop, activations, "What speaks for each emotion, and how much of it the face shows")

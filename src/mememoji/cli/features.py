"""`mememoji features`: draw the feature maps and class activation maps of a face."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, Weights, find_classifier_weights
from mememoji.cli.saved_mark import SAVED_MARK

if TYPE_CHECKING:
    from mememoji.classification.feature_extractor import FeatureExtractor
    from mememoji.image_io import RGBImage
    from mememoji.results import Composition
    from mememoji.types import UInt8Array

ACTIVATION = "activation"
"""The value of --layer that selects class activation maps."""


def features(
    image_path: Annotated[Path | None, typer.Argument(help="Image with a face.", metavar="IMAGE")] = None,
    layer: Annotated[
        str,
        typer.Option(
            help="Name of a layer, or activation for the class activation maps of the six emotions.", metavar="NAME"
        ),
    ] = ACTIVATION,
    out: Annotated[
        Path | None, typer.Option(help="PNG file to write; IMAGE-NAME.png if not given.", metavar="FILE")
    ] = None,
    face: Annotated[int, typer.Option(help="Number of the face, as in the table of `mememoji predict`.", min=1)] = 1,
    max_channels: Annotated[int, typer.Option(help="Draw at most this many channels of a layer.", min=1)] = 47,
    list_layers: Annotated[bool, typer.Option("--list-layers", help="List the layers and exit.")] = False,
    detector: DetectorName = "auto",
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Draw the feature maps of a layer for a face, or the class activation maps of its six emotions."""
    import numpy as np

    from mememoji.classification.feature_extractor import FeatureExtractor
    from mememoji.errors import InputError, RunError
    from mememoji.image_io import encode_png
    from mememoji.output_files import check_outputs, check_suffix

    weights = find_classifier_weights(classifier, weights)
    extractor = FeatureExtractor(weights)
    if list_layers:
        blank = np.zeros((1, extractor.card.input_size, extractor.card.input_size), np.uint8)
        for name in extractor.layers:
            _, channels, height, width = extractor.feature_maps(blank, name).shape
            typer.echo(f"{name:<10}  {channels} channels of {width}x{height}")
        return
    if image_path is None:
        raise typer.BadParameter("an image is required; give one, or use --list-layers", param_hint="IMAGE")
    if layer != ACTIVATION and layer not in extractor.layers:
        raise InputError(f"--layer must be one of {', '.join((*extractor.layers, ACTIVATION))}, got {layer!r}")
    out = image_path.with_name(f"{image_path.stem}-{layer}.png") if out is None else out
    check_suffix("--out", out, (".png",))
    check_outputs({"--out": out}, {"the image": image_path, "the weights": weights})
    drawing = _draw(extractor, *_read_face(image_path, face, detector, weights), layer, max_channels)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(encode_png(drawing, comment=SAVED_MARK))
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror}; name another file with --out") from error
    typer.echo(str(out))


def _read_face(path: Path, number: int, detector: str, weights: Path) -> "tuple[UInt8Array, Composition]":
    """Return the crop of one face as the classifier gets it, (S, S) uint8, and the face's composition."""
    from mememoji.analyzer import Analyzer
    from mememoji.errors import InputError
    from mememoji.image_io import read_image

    analyzer = Analyzer(detector, weights)
    image = read_image(path, analyzer.limits)
    faces = analyzer.analyze_array(image).faces
    if not faces:
        raise InputError(f"no face was found in {path}; --detector full-image takes the whole image for one face")
    if number > len(faces):
        raise InputError(f"--face must be at most {len(faces)}, the number of faces found in {path}, got {number}")
    face = faces[number - 1]
    return analyzer.crop_faces(image, [face.detection])[0], face.composition


def _draw(
    extractor: "FeatureExtractor",
    crop: "UInt8Array",
    composition: "Composition",
    layer: str,
    max_channels: int,
) -> "RGBImage":
    from mememoji.drawing.feature_maps import draw_class_activation_maps, draw_feature_maps
    from mememoji.emotions import EMOTIONS

    if layer != ACTIVATION:
        return draw_feature_maps(crop, extractor.feature_maps(crop[None], layer)[0], layer, max_channels=max_channels)
    activations = {
        f"{emotion} {100 * composition[emotion]:.0f} %": extractor.class_activation_map(crop[None], emotion)[0]
        for emotion in EMOTIONS
    }
    return draw_class_activation_maps(
        crop, activations, "Regions that support each emotion, and its fraction in the composition"
    )

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.face_sets.face_cutter import FaceCutter, LeftOut
from mememoji.datasets.face_sets.face_set import UNLABELED
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.detection.compact import CompactDetector
from mememoji.detection.fake_detector import FixedDetector
from mememoji.image_io import encode_png, read_image
from mememoji.results import Box, Detection, tilt_of

SMALL, LARGE = Box(5, 5, 30, 20), Box(60, 40, 50, 60)


def find(*boxes: Box, confidence: float | None = 0.9, margin: float = 0.0) -> FixedDetector:
    return FixedDetector([Detection(box, confidence) for box in boxes], margin=margin)


def noise(label: int = 3, **known: Any) -> LabeledImage:
    rng = np.random.default_rng(5)
    return LabeledImage(
        "own", "a.png", encode_png(rng.integers(0, 256, (120, 160, 3)).astype(np.uint8)), label, **known
    )


@pytest.mark.parametrize("turn", [0, 30])
def test_central_pixels_are_what_serving_cuts(turn: int, astronaut_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "turned.png"
    with Image.open(astronaut_path) as portrait:
        portrait.convert("RGB").rotate(turn).save(path)
    detector = CompactDetector()

    face = FaceCutter(detector).cut(LabeledImage("own", "a.png", path))

    image = read_image(path)
    (found,) = detector.detect(image)
    tilt = tilt_of(found.landmarks)
    assert not isinstance(face, LeftOut)
    assert face.shape == (64, 64)
    served = crop_faces(image, [found.box], margin=detector.margin, tilts=[tilt])[0]
    np.testing.assert_array_equal(face[8:56, 8:56], served)
    # The context goes on where the crop ends: a wider crop, shrunk, shows the same.
    wide = crop_faces(image, [found.box], margin=1 / 6, side=64, tilts=[tilt])[0]
    assert np.abs(face.astype(int) - wide).mean() < 6


def test_detector_margin_widens_crop_and_context() -> None:
    cutter = FaceCutter(find(LARGE, margin=0.25))

    face = cutter.cut(noise())

    image = read_image(noise().content)
    assert not isinstance(face, LeftOut)
    assert cutter.context_margin == pytest.approx(0.5)
    np.testing.assert_array_equal(face[8:56, 8:56], crop_faces(image, [LARGE], margin=0.25)[0])
    np.testing.assert_array_equal(face[:8], crop_faces(image, [LARGE], margin=0.5, side=64)[0, :8])


def test_image_without_a_face_is_tried_again_with_a_border() -> None:
    # It fits into the image only once that has a border of 48 pixels.
    detector = find(Box(170, 40, 60, 60))
    padded = np.pad(read_image(noise().content), ((48, 48), (48, 48), (0, 0)), "edge")

    face = FaceCutter(detector).cut(noise())

    assert not isinstance(face, LeftOut)
    np.testing.assert_array_equal(face[8:56, 8:56], crop_faces(padded, [Box(170, 40, 60, 60)], margin=0.0)[0])


@pytest.mark.parametrize(
    ("detector", "label", "expected"),
    [
        (find(), 3, LeftOut.NO_FACE),
        (find(LARGE, confidence=0.5), 3, LeftOut.NO_FACE),
        (find(LARGE, confidence=None), 3, None),
        (find(SMALL), 3, LeftOut.TOO_SMALL),
        (find(SMALL, LARGE), 3, None),
        (find(Box(5, 5, 31, 20), LARGE), 3, LeftOut.SEVERAL_FACES),
        (find(Box(5, 5, 31, 20), LARGE), UNLABELED, None),
    ],
)
def test_images_are_left_out_for_a_reason(detector: FixedDetector, label: int, expected: LeftOut | None) -> None:
    face = FaceCutter(detector).cut(noise(label))

    assert face is expected if expected else not isinstance(face, LeftOut)


def test_take_largest_cuts_it_out_of_several() -> None:
    face = FaceCutter(find(Box(5, 5, 31, 20), LARGE), take_largest=True).cut(noise())

    np.testing.assert_array_equal(face, FaceCutter(find(LARGE)).cut(noise()))


def test_given_box_is_used_in_place_of_the_detector() -> None:
    image = noise(box=(5.2, 4.8, 30.1, 20.0))

    np.testing.assert_array_equal(
        FaceCutter(find()).cut(image), FaceCutter(find(Box(5, 5, 30, 20)), min_size=1).cut(noise())
    )
    assert FaceCutter(find()).cut(noise(box=(500, 0, 10, 10))) is LeftOut.BOX_OUTSIDE


def test_damaged_images_are_left_out(tmp_path: Path) -> None:
    cutter = FaceCutter(find(LARGE))

    assert cutter.cut(LabeledImage("own", "a.png", b"")) is LeftOut.DAMAGED
    assert cutter.cut(LabeledImage("own", "a.png", bytes(noise().content)[:200])) is LeftOut.DAMAGED
    assert cutter.cut(LabeledImage("own", "a.png", tmp_path / "missing.png")) is LeftOut.DAMAGED


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"min_confidence": 1.5}, r"min_confidence must be in 0\.\.1, got 1\.5"),
        ({"min_size": 0}, "min_size must be at least 1, got 0"),
    ],
)
def test_bounds_out_of_range_raise(bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FaceCutter(find(), **bounds)

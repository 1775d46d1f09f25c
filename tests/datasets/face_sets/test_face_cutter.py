from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.face_sets.face_cutter import FaceCutter, SkipReason
from mememoji.datasets.face_sets.face_set import UNLABELED
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.detection.compact import CompactDetector
from mememoji.detection.fake_detector import FakeDetector
from mememoji.image_io import encode_png, read_image
from mememoji.results import Box, Detection

SMALL, LARGE = Box(5, 5, 30, 20), Box(60, 40, 50, 60)


def make_detector(*boxes: Box, confidence: float | None = 0.9, margin: float = 0.0) -> FakeDetector:
    return FakeDetector([Detection(box, confidence) for box in boxes], margin=margin)


def make_image(label: int = 3, **known: Any) -> LabeledImage:
    rng = np.random.default_rng(5)
    return LabeledImage(
        "own", "a.png", encode_png(rng.integers(0, 256, (120, 160, 3)).astype(np.uint8)), label, **known
    )


@pytest.mark.parametrize("angle", [0, 30])
def test_central_pixels_equal_the_crop_of_serving(angle: float, astronaut_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "rotated.png"
    with Image.open(astronaut_path) as portrait:
        portrait.convert("RGB").rotate(angle).save(path)
    detector = CompactDetector()

    face = FaceCutter(detector).cut(LabeledImage("own", "a.png", path))

    image = read_image(path)
    (found,) = detector.detect(image)
    assert not isinstance(face, SkipReason)
    assert face.shape == (64, 64)
    served = crop_faces(image, [found], margin=detector.margin)[0]
    np.testing.assert_array_equal(face[8:56, 8:56], served)
    # The context continues the crop: a wider crop, downscaled, is nearly the same.
    wide = crop_faces(image, [found], margin=1 / 6, size=64)[0]
    assert np.abs(face.astype(int) - wide).mean() < 6


def test_detector_margin_widens_crop_and_context() -> None:
    cutter = FaceCutter(make_detector(LARGE, margin=0.25))

    face = cutter.cut(make_image())

    image = read_image(make_image().content)
    assert not isinstance(face, SkipReason)
    assert cutter.context_margin == pytest.approx(0.5)
    np.testing.assert_array_equal(face[8:56, 8:56], crop_faces(image, [Detection(LARGE)], margin=0.25)[0])
    np.testing.assert_array_equal(face[:8], crop_faces(image, [Detection(LARGE)], margin=0.5, size=64)[0, :8])


def test_image_without_a_face_is_retried_with_a_border() -> None:
    # The box is inside the image only after a border of 48 pixels is added.
    detector = make_detector(Box(170, 40, 60, 60))
    padded = np.pad(read_image(make_image().content), ((48, 48), (48, 48), (0, 0)), "edge")

    face = FaceCutter(detector).cut(make_image())

    assert not isinstance(face, SkipReason)
    np.testing.assert_array_equal(
        face[8:56, 8:56], crop_faces(padded, [Detection(Box(170, 40, 60, 60))], margin=0.0)[0]
    )


@pytest.mark.parametrize(
    ("detector", "label", "expected"),
    [
        (make_detector(), 3, SkipReason.NO_FACE),
        (make_detector(LARGE, confidence=0.5), 3, SkipReason.NO_FACE),
        (make_detector(LARGE, confidence=None), 3, None),
        (make_detector(SMALL), 3, SkipReason.TOO_SMALL),
        (make_detector(SMALL, LARGE), 3, None),
        (make_detector(Box(5, 5, 31, 20), LARGE), 3, SkipReason.SEVERAL_FACES),
        (make_detector(Box(5, 5, 31, 20), LARGE), UNLABELED, None),
    ],
)
def test_images_are_skipped_for_a_reason(detector: FakeDetector, label: int, expected: SkipReason | None) -> None:
    face = FaceCutter(detector).cut(make_image(label))

    assert face is expected if expected else not isinstance(face, SkipReason)


def test_take_largest_accepts_several_faces() -> None:
    face = FaceCutter(make_detector(Box(5, 5, 31, 20), LARGE), take_largest=True).cut(make_image())

    np.testing.assert_array_equal(face, FaceCutter(make_detector(LARGE)).cut(make_image()))


def test_given_box_is_used_instead_of_the_detector() -> None:
    image = make_image(box=(5.2, 4.8, 30.1, 20.0))

    np.testing.assert_array_equal(
        FaceCutter(make_detector()).cut(image),
        FaceCutter(make_detector(Box(5, 5, 30, 20)), min_size=1).cut(make_image()),
    )
    assert FaceCutter(make_detector()).cut(make_image(box=(500, 0, 10, 10))) is SkipReason.BOX_OUTSIDE


def test_damaged_images_are_skipped(tmp_path: Path) -> None:
    cutter = FaceCutter(make_detector(LARGE))

    assert cutter.cut(LabeledImage("own", "a.png", b"")) is SkipReason.DAMAGED
    assert cutter.cut(LabeledImage("own", "a.png", bytes(make_image().content)[:200])) is SkipReason.DAMAGED
    assert cutter.cut(LabeledImage("own", "a.png", tmp_path / "missing.png")) is SkipReason.DAMAGED


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_confidence": 1.5}, r"min_confidence must be in 0\.\.1, got 1\.5"),
        ({"min_size": 0}, "min_size must be at least 1, got 0"),
    ],
)
def test_minimums_out_of_range_are_rejected(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FaceCutter(make_detector(), **options)

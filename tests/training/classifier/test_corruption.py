"""Images worn: JPEG against OpenCV's, and what chance does."""

import cv2
import numpy as np
import pytest
import torch

from mememoji.training.classifier.corruption import compressed, worn
from tests.drawn_faces import drawn


def faces() -> torch.Tensor:
    """(6, 1, 48, 48) drawn faces with some texture, in whole gray levels."""
    cut = []
    for number in range(6):
        photograph = drawn(number, faces=1)
        picture = cv2.imdecode(np.frombuffer(photograph.image, np.uint8), cv2.IMREAD_GRAYSCALE)
        left, top, right, bottom = (int(value) for value in photograph.faces[0])
        cut.append(cv2.resize(np.asarray(picture)[top:bottom, left:right], (48, 48), interpolation=cv2.INTER_AREA))
    texture = np.random.default_rng(0).normal(0, 6, (6, 48, 48))
    return torch.from_numpy(np.clip(np.stack(cut) + texture, 0, 255).round().astype(np.float32))[:, None]


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("quality", [10, 30, 50, 80])
def test_jpeg_leaves_what_a_jpeg_file_leaves(quality: int) -> None:
    pictures = faces()
    found = compressed(pictures, torch.full((6, 1, 1, 1), float(quality))).clamp(0, 255).round()[:, 0].numpy()
    for ours, picture in zip(found, pictures[:, 0].numpy().astype(np.uint8), strict=True):
        _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        theirs = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32)
        lost = np.abs(theirs - picture).mean()
        # A frequency that lies between two steps may be rounded either way.
        assert np.abs(ours - theirs).mean() < max(0.5, 0.1 * lost)


def test_each_picture_has_a_quality_of_its_own() -> None:
    one = faces()[:1].repeat(2, 1, 1, 1)
    coarse, fine = compressed(one, torch.tensor((10.0, 90.0)).view(2, 1, 1, 1)) - one
    assert coarse.abs().mean() > 2 * fine.abs().mean()


def test_without_chance_nothing_is_worn() -> None:
    pictures = faces()
    assert torch.equal(worn(pictures, 0.0, chance()), pictures)


def test_worn_pictures_are_whole_gray_levels_and_the_batch_is_left_alone() -> None:
    pictures = faces()
    before = pictures.clone()
    out = worn(pictures, 0.9, chance())
    assert torch.equal(pictures, before)
    assert out.shape == pictures.shape
    assert torch.equal(out, out.round())
    assert float(out.min()) >= 0.0
    assert float(out.max()) <= 255.0
    assert not torch.equal(out, worn(pictures, 0.9, chance(1)))
    assert torch.equal(out, worn(pictures, 0.9, chance()))


def test_as_many_pictures_are_worn_as_the_chance_says() -> None:
    pictures = faces()[:1].repeat(400, 1, 1, 1)
    unharmed = (worn(pictures, 0.3, chance()) == pictures).all(dim=(1, 2, 3)).float().mean()
    assert float(unharmed) == pytest.approx(0.7**6, abs=0.05)


def test_faces_are_worn_askew_too() -> None:
    # Light, noise and JPEG move nothing: where the bright half ends elsewhere or leans, the image was moved.
    picture = torch.full((48, 48), 60.0)
    picture[:, 24:] = 180.0
    pictures = picture.repeat(200, 1, 1, 1)
    out = worn(pictures, 0.2, chance())[:, 0]
    ends = (out > out.mean(dim=(1, 2), keepdim=True)).float().sum(dim=2)  # (N, 48), bright pixels a row
    leaning = (ends[:, 4] - ends[:, 43]).abs() > 6
    assert 10 < int(leaning.sum()) < 80

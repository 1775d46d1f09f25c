"""Corruptions: JPEG compared with OpenCV's, and probabilities."""

import cv2
import numpy as np
import pytest
import torch

from mememoji.training.classifier.corruption import corrupt, simulate_jpeg
from tests.drawn_faces import draw_sample


def faces() -> torch.Tensor:
    """(6, 1, 48, 48) drawn faces with some texture, in whole gray levels."""
    cut = []
    for number in range(6):
        sample = draw_sample(number, faces=1)
        image = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_GRAYSCALE)
        left, top, right, bottom = (int(value) for value in sample.faces[0])
        cut.append(cv2.resize(np.asarray(image)[top:bottom, left:right], (48, 48), interpolation=cv2.INTER_AREA))
    texture = np.random.default_rng(0).normal(0, 6, (6, 48, 48))
    return torch.from_numpy(np.clip(np.stack(cut) + texture, 0, 255).round().astype(np.float32))[:, None]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("quality", [10, 30, 50, 80])
def test_simulate_jpeg_matches_a_jpeg_file(quality: int) -> None:
    images = faces()
    found = simulate_jpeg(images, torch.full((6, 1, 1, 1), float(quality))).clamp(0, 255).round()[:, 0].numpy()
    for ours, image in zip(found, images[:, 0].numpy().astype(np.uint8), strict=True):
        _, file = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        theirs = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32)
        lost = np.abs(theirs - image).mean()
        # A frequency that lies between two steps may be rounded either way.
        assert np.abs(ours - theirs).mean() < max(0.5, 0.1 * lost)


def test_simulate_jpeg_uses_the_quality_of_each_image() -> None:
    one = faces()[:1].repeat(2, 1, 1, 1)
    coarse, fine = simulate_jpeg(one, torch.tensor((10.0, 90.0)).view(2, 1, 1, 1)) - one
    assert coarse.abs().mean() > 2 * fine.abs().mean()


def test_corrupt_with_probability_zero_keeps_the_images() -> None:
    images = faces()
    assert torch.equal(corrupt(images, 0.0, generator()), images)


def test_corrupt_returns_whole_gray_levels_and_keeps_the_batch() -> None:
    images = faces()
    before = images.clone()
    out = corrupt(images, 0.9, generator())
    assert torch.equal(images, before)
    assert out.shape == images.shape
    assert torch.equal(out, out.round())
    assert float(out.min()) >= 0.0
    assert float(out.max()) <= 255.0
    assert not torch.equal(out, corrupt(images, 0.9, generator(1)))
    assert torch.equal(out, corrupt(images, 0.9, generator()))


def test_corrupt_changes_as_many_images_as_the_probability_says() -> None:
    images = faces()[:1].repeat(400, 1, 1, 1)
    unchanged = (corrupt(images, 0.3, generator()) == images).all(dim=(1, 2, 3)).float().mean()
    assert float(unchanged) == pytest.approx(0.7**6, abs=0.05)


def test_corrupt_misaligns_some_images() -> None:
    # Light, noise and JPEG move nothing: where the bright half ends elsewhere or leans, the image was moved.
    image = torch.full((48, 48), 60.0)
    image[:, 24:] = 180.0
    images = image.repeat(200, 1, 1, 1)
    out = corrupt(images, 0.2, generator())[:, 0]
    ends = (out > out.mean(dim=(1, 2), keepdim=True)).float().sum(dim=2)  # (N, 48), bright pixels a row
    leaning = (ends[:, 4] - ends[:, 43]).abs() > 6
    assert 10 < int(leaning.sum()) < 80

import pytest
import torch

from mememoji.training.classifier.augmentation import augment, mixup, random_erasing
from mememoji.training.classifier.classifier_config import AugmentationConfig

STILL = AugmentationConfig(shift=0.0, rotation=0.0, scale=0.0, brightness_contrast=0.0, random_erasing_prob=0.0)


def images(count: int = 6) -> torch.Tensor:
    return torch.rand(count, 1, 48, 48, generator=torch.Generator().manual_seed(3)) * 255


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_augment_without_changes_returns_the_images() -> None:
    batch = images()
    out = augment(batch, torch.zeros(6, dtype=torch.bool), STILL, generator())
    torch.testing.assert_close(out, batch, atol=1e-2, rtol=0)


def test_augment_mirrors_the_images_of_the_mask() -> None:
    batch = images()
    which = torch.tensor([True, False, True, False, False, True])
    out = augment(batch, which, STILL, generator())
    torch.testing.assert_close(out[which], batch[which].flip(3), atol=1e-2, rtol=0)
    torch.testing.assert_close(out[~which], batch[~which], atol=1e-2, rtol=0)


@pytest.mark.parametrize(
    "config",
    [
        AugmentationConfig(),
        AugmentationConfig(brightness_contrast=0.9),
        AugmentationConfig(random_erasing_prob=0.9),
        AugmentationConfig(scale=0.5),
    ],
)
def test_augment_returns_gray_levels_and_keeps_the_batch(config: AugmentationConfig) -> None:
    batch = images()
    before = batch.clone()
    out = augment(batch, torch.zeros(6, dtype=torch.bool), config, generator())
    assert out.shape == batch.shape
    assert out.min() >= 0
    assert out.max() <= 255
    assert (out != batch).any()
    assert torch.equal(batch, before)


@pytest.mark.parametrize("size_range", [(0.125, 0.375), (0.25, 0.7), (0.5, 0.5)])
def test_random_erasing_paints_a_rectangle_of_the_size_range(size_range: tuple[float, float]) -> None:
    black = torch.full((200, 1, 48, 48), -1.0)
    out = random_erasing(black, 0.5, generator(), size_range)[:, 0]
    is_painted = out >= 0
    is_erased = is_painted.any(dim=(1, 2))
    assert 60 < int(is_erased.sum()) < 140
    tall, wide = is_painted.any(dim=2).sum(dim=1), is_painted.any(dim=1).sum(dim=1)
    assert torch.equal(is_painted.sum(dim=(1, 2)), tall * wide)
    assert max(int(tall.max()), int(wide.max())) <= size_range[1] * 48 + 1
    # A rectangle may stick out of the image, so a quarter of the shortest is what surely remains of it.
    assert int(tall[is_erased].min()) >= size_range[0] * 48 / 2 - 1
    assert all(len(image[image >= 0].unique()) == 1 for image in out[is_erased])


def test_augment_with_the_same_seed_is_the_same() -> None:
    which = torch.zeros(6, dtype=torch.bool)
    first, again, other = (augment(images(), which, AugmentationConfig(), generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_augment_shifts_by_at_most_the_fraction() -> None:
    batch = torch.zeros(64, 1, 48, 48)
    batch[:, :, 24, 24] = 255
    out = augment(batch, torch.zeros(64, dtype=torch.bool), AugmentationConfig(True, 0.1, 0, 0, 0, 0), generator())
    positions = out.flatten(1).argmax(dim=1)
    away = torch.stack([positions // 48 - 24, positions % 48 - 24]).abs()
    assert 2 <= away.max() <= 5


def test_mixup_mixes_images_and_targets_alike() -> None:
    batch, targets = images(4), torch.eye(4)
    out, (soft,) = mixup(batch, [targets], 0.4, generator())
    weight = soft[0, 0]
    assert 0 < weight < 1
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(4))
    torch.testing.assert_close(out, weight * batch + (1 - weight) * batch.roll(1, dims=0))

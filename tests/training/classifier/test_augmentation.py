import pytest
import torch

from mememoji.training.classifier.augmentation import augment, erased, mixed
from mememoji.training.classifier.classifier_config import Augmentation

STILL = Augmentation(shift=0.0, rotation=0.0, scale=0.0, light=0.0, erasing=0.0)


def pictures(count: int = 6) -> torch.Tensor:
    return torch.rand(count, 1, 48, 48, generator=torch.Generator().manual_seed(3)) * 255


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_asked_for_changes_nothing() -> None:
    batch = pictures()
    out = augment(batch, torch.zeros(6, dtype=torch.bool), STILL, chance())
    torch.testing.assert_close(out, batch, atol=1e-2, rtol=0)


def test_mirroring_turns_exactly_the_pictures_named() -> None:
    batch = pictures()
    which = torch.tensor([True, False, True, False, False, True])
    out = augment(batch, which, STILL, chance())
    torch.testing.assert_close(out[which], batch[which].flip(3), atol=1e-2, rtol=0)
    torch.testing.assert_close(out[~which], batch[~which], atol=1e-2, rtol=0)


@pytest.mark.parametrize(
    "settings", [Augmentation(), Augmentation(light=0.9), Augmentation(erasing=0.9), Augmentation(scale=0.5)]
)
def test_pictures_stay_gray_levels_and_the_batch_is_left_alone(settings: Augmentation) -> None:
    batch = pictures()
    before = batch.clone()
    out = augment(batch, torch.zeros(6, dtype=torch.bool), settings, chance())
    assert out.shape == batch.shape
    assert out.min() >= 0
    assert out.max() <= 255
    assert (out != batch).any()
    assert torch.equal(batch, before)


@pytest.mark.parametrize("sides", [(0.125, 0.375), (0.25, 0.7), (0.5, 0.5)])
def test_what_is_erased_is_one_rectangle_within_its_sides(sides: tuple[float, float]) -> None:
    black = torch.full((200, 1, 48, 48), -1.0)
    out = erased(black, 0.5, chance(), sides)[:, 0]
    painted = out >= 0
    hit = painted.any(dim=(1, 2))
    assert 60 < int(hit.sum()) < 140
    tall, wide = painted.any(dim=2).sum(dim=1), painted.any(dim=1).sum(dim=1)
    assert torch.equal(painted.sum(dim=(1, 2)), tall * wide)
    assert max(int(tall.max()), int(wide.max())) <= sides[1] * 48 + 1
    # A rectangle may stick out of the image, so a quarter of the shortest is what surely remains of it.
    assert int(tall[hit].min()) >= sides[0] * 48 / 2 - 1
    assert all(len(picture[picture >= 0].unique()) == 1 for picture in out[hit])


def test_the_same_chance_gives_the_same_pictures() -> None:
    which = torch.zeros(6, dtype=torch.bool)
    first, again, other = (augment(pictures(), which, Augmentation(), chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_shift_moves_by_at_most_its_part() -> None:
    batch = torch.zeros(64, 1, 48, 48)
    batch[:, :, 24, 24] = 255
    out = augment(batch, torch.zeros(64, dtype=torch.bool), Augmentation(True, 0.1, 0, 0, 0, 0), chance())
    places = out.flatten(1).argmax(dim=1)
    away = torch.stack([places // 48 - 24, places % 48 - 24]).abs()
    assert 2 <= away.max() <= 5


def test_mixup_mixes_pictures_and_targets_alike() -> None:
    batch, targets = pictures(4), torch.eye(4)
    out, (soft,) = mixed(batch, [targets], 0.4, chance())
    share = soft[0, 0]
    assert 0 < share < 1
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(4))
    torch.testing.assert_close(out, share * batch + (1 - share) * batch.roll(1, dims=0))

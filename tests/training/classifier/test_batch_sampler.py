"""Batches that several sets fill."""

import numpy as np
import pytest
import torch

from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet
from mememoji.training.classifier.batch_sampler import BatchSampler, MixedFaceSet, compute_sampling_weights

CPU = torch.device("cpu")


def face_set(labels: list[int], trust: float = 0.8) -> FaceSet:
    count = len(labels)
    given = np.array(labels, np.int8)
    trusted = np.where(given == UNLABELED, 0, trust).astype(np.float32)
    names = tuple(map(str, range(count)))
    return FaceSet(np.zeros((count, 64, 64), np.uint8), given, trusted, ("drawn",) * count, names)


def test_sample_epoch_without_other_sets_is_a_permutation() -> None:
    sampler = BatchSampler(30, 8, [], [])
    order = sampler.sample_epoch(torch.Generator().manual_seed(0))
    assert order.shape == (sampler.num_steps, 8) == (3, 8)
    assert len(set(order.flatten().tolist())) == 24
    assert order.max() < 30


def test_sample_epoch_gives_each_set_its_fraction_of_every_batch() -> None:
    weights = [torch.tensor([0.0, 1.0]), torch.ones(5)]
    sampler = BatchSampler(30, 10, [0.2, 0.3], weights)
    order = sampler.sample_epoch(torch.Generator().manual_seed(0))
    assert order.shape == (6, 10)
    assert sorted(order[:, :5].flatten().tolist()) == list(range(30))
    assert set(order[:, 5:7].flatten().tolist()) == {31}
    assert 32 <= order[:, 7:].min() <= order[:, 7:].max() < 37


def test_sample_epoch_with_the_same_seed_is_the_same() -> None:
    sampler = BatchSampler(20, 4, [0.25], [torch.ones(3)])
    first, again, other = (sampler.sample_epoch(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("fractions", [[0.01], [0.6, 0.4]])
def test_batch_sampler_rejects_a_set_without_an_image_per_batch(fractions: list[float]) -> None:
    with pytest.raises(ValueError, match="must get at least one image of a batch of 8"):
        BatchSampler(30, 8, fractions, [torch.ones(2)] * len(fractions))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1])
def test_mixed_face_set_rejects_a_fraction_out_of_range(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"fraction of a face set must be in \(0, 1\)"):
        MixedFaceSet(face_set([0]), fraction)


def test_sampling_weights_are_larger_for_rare_labels() -> None:
    faces = face_set([3] * 9 + [2])
    for power, expected in ((0.0, 0.1), (0.5, 0.25), (1.0, 0.5)):
        weights = compute_sampling_weights(faces, CPU, rare_label_power=power, unlabeled_fraction=0.0)
        assert float(weights[-1] / weights.sum()) == pytest.approx(expected)


def test_sampling_weights_give_unlabeled_faces_their_fraction() -> None:
    faces = face_set([0, 1, UNLABELED, UNLABELED, UNLABELED])
    weights = compute_sampling_weights(faces, CPU, rare_label_power=0.5, unlabeled_fraction=0.25)
    torch.testing.assert_close(weights, torch.tensor([0.375, 0.375, 1 / 12, 1 / 12, 1 / 12]))
    assert compute_sampling_weights(faces, CPU, rare_label_power=0.5, unlabeled_fraction=0.0)[2:].tolist() == [
        0.0,
        0.0,
        0.0,
    ]
    only = compute_sampling_weights(face_set([UNLABELED] * 3), CPU, rare_label_power=0.5, unlabeled_fraction=0.0)
    assert only.tolist() == [1.0, 1.0, 1.0]


def test_sampling_weights_are_larger_for_trusted_labels() -> None:
    faces = face_set([0, 0])
    doubted = FaceSet(faces.images, faces.labels, np.array([0.9, 0.4], np.float32), faces.sources, faces.ids)
    first, second = compute_sampling_weights(doubted, CPU, rare_label_power=0.0, unlabeled_fraction=0.0).tolist()
    assert first / second == pytest.approx(1.5)

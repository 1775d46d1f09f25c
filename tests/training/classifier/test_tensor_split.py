import numpy as np
import pytest
import torch

from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet
from mememoji.datasets.splits import Split
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.tensor_split import UNKNOWN, TensorSplit

CPU = torch.device("cpu")


def test_from_split_rejects_an_empty_split(train_split: Split) -> None:
    with pytest.raises(DatasetError, match="must have images"):
        TensorSplit.from_split(train_split.take(slice(0, 0)), CPU)


def test_from_split_without_a_config_keeps_labels_hard(val_split: Split) -> None:
    data = TensorSplit.from_split(val_split, CPU)
    indices = torch.arange(7)
    for soft_labels in (True, False):
        assert torch.equal(data.get_targets(indices, soft_labels=soft_labels)["labels"], torch.eye(7))


def test_targets_at_softens_labels_only_if_requested(train_split: Split, tiny_config: ClassifierTrainConfig) -> None:
    wrong = train_split.labels.copy()
    wrong[::14] = 3
    split = Split(train_split.rows, train_split.images, wrong, train_split.votes)
    data = TensorSplit.from_split(split, CPU, tiny_config.with_changes(label_smoothing=0.0))
    indices = torch.arange(14)
    hard, soft = (data.get_targets(indices, soft_labels=soft_labels) for soft_labels in (False, True))
    assert hard["labels"][0].argmax() == 3
    # Half is still the label, and most of the other half is what nine of ten votes name.
    assert soft["labels"][0, 3] == pytest.approx(0.75, abs=0.1)
    assert soft["labels"][0, 0] == pytest.approx(0.25, abs=0.1)
    assert torch.equal(hard["votes"], soft["votes"])


def test_from_split_without_votes_takes_the_label_as_unanimous(
    train_split: Split, tiny_config: ClassifierTrainConfig
) -> None:
    bare = Split(train_split.rows, train_split.images, train_split.labels, None)
    batch = TensorSplit.from_split(bare, CPU, tiny_config).get_targets(torch.arange(7), soft_labels=True)
    assert batch["labels"].argmax(dim=1).tolist() == list(range(7))
    names = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    assert [FERPLUS_VOTES[index] for index in batch["votes"].argmax(dim=1)] == names
    assert batch["votes"].amax(dim=1).tolist() == [1.0] * 7


def face_set(labels: list[int], trust: float = 0.8) -> FaceSet:
    count = len(labels)
    given = np.array(labels, np.int8)
    images = np.random.default_rng(0).integers(0, 256, (count, 64, 64)).astype(np.uint8)
    trusted = np.where(given == UNLABELED, 0, trust).astype(np.float32)
    return FaceSet(images, given, trusted, ("drawn",) * count, tuple(map(str, range(count))))


def test_from_face_set_weighs_labels_by_trust_and_teachers_by_the_rest() -> None:
    data = TensorSplit.from_face_set(face_set([1, 7, UNLABELED]), CPU, has_teachers=True)
    assert data.labels.tolist() == [1, UNKNOWN, UNKNOWN]
    labels, votes = data.targets["labels"], data.targets["votes"]
    assert labels[0].tolist() == pytest.approx([0, 0.8, 0, 0, 0, 0, 0])
    assert votes[0].argmax() == FERPLUS_VOTES.index("disgust")
    # Contempt is not one of FER2013's seven classes, but one of FER+'s.
    assert float(labels[1].sum()) == 0.0
    assert votes[1].argmax() == FERPLUS_VOTES.index("contempt")
    assert float(labels[2].sum() + votes[2].sum()) == 0.0
    assert data.distillation_weights.tolist() == pytest.approx([0.2, 0.2, 1.0])


def test_from_face_set_without_teachers_gives_them_no_weight() -> None:
    data = TensorSplit.from_face_set(face_set([0, UNLABELED]), CPU, has_teachers=False)
    assert data.distillation_weights.tolist() == [0.0, 0.0]


def test_from_face_set_rejects_an_empty_set() -> None:
    with pytest.raises(DatasetError, match="must have faces"):
        TensorSplit.from_face_set(face_set([]), CPU, has_teachers=False)


def test_concatenate_pads_images_without_context(val_split: Split) -> None:
    faces = face_set([2, 3])
    own = TensorSplit.from_split(val_split, CPU, distillation_weight=0.7)
    merged = TensorSplit.concatenate([own, TensorSplit.from_face_set(faces, CPU, has_teachers=True)])
    assert merged.images.shape == (len(val_split) + 2, 64, 64)
    assert torch.equal(merged.images[: len(val_split), 8:56, 8:56], own.images)
    assert torch.equal(merged.images[0, 7, 8:56], own.images[0, 0])
    assert merged.images[-2:].numpy().tolist() == faces.images.tolist()
    assert merged.labels[-2:].tolist() == [2, 3]
    assert merged.distillation_weights.tolist() == pytest.approx([0.7] * len(val_split) + [0.2] * 2)
    torch.testing.assert_close(merged.targets["labels"][0].sum(), torch.tensor(0.3))


def test_concatenate_of_one_split_returns_it(val_split: Split) -> None:
    own = TensorSplit.from_split(val_split, CPU)
    assert TensorSplit.concatenate([own]) is own

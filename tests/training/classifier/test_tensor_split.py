import numpy as np
import pytest
import torch

from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet
from mememoji.datasets.splits import Split
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.tensor_split import UNKNOWN, Material

CPU = torch.device("cpu")


def test_no_pictures_is_an_error(train_split: Split) -> None:
    with pytest.raises(DatasetError, match="no images"):
        Material.of(train_split.take(slice(0, 0)), CPU)


def test_without_a_recipe_labels_are_hard(val_split: Split) -> None:
    material = Material.of(val_split, CPU)
    which = torch.arange(7)
    for softened in (True, False):
        assert torch.equal(material.batch(which, softened=softened)["labels"], torch.eye(7))


def test_votes_soften_only_while_asked_to(train_split: Split, tiny_recipe: Recipe) -> None:
    wrong = train_split.labels.copy()
    wrong[::14] = 3
    split = Split(train_split.rows, train_split.images, wrong, train_split.votes)
    material = Material.of(split, CPU, tiny_recipe.with_changes(smoothing=0.0))
    which = torch.arange(14)
    hard, soft = (material.batch(which, softened=softened) for softened in (False, True))
    assert hard["labels"][0].argmax() == 3
    # Half is still the label, and most of the other half is what nine of ten votes name.
    assert soft["labels"][0, 3] == pytest.approx(0.75, abs=0.1)
    assert soft["labels"][0, 0] == pytest.approx(0.25, abs=0.1)
    assert torch.equal(hard["votes"], soft["votes"])


def test_a_split_without_votes_has_one_kind_of_target(train_split: Split, tiny_recipe: Recipe) -> None:
    bare = Split(train_split.rows, train_split.images, train_split.labels, None)
    batch = Material.of(bare, CPU, tiny_recipe).batch(torch.arange(7), softened=True)
    assert list(batch) == ["labels"]
    assert batch["labels"].argmax(dim=1).tolist() == list(range(7))


def face_set(labels: list[int], trust: float = 0.8) -> FaceSet:
    count = len(labels)
    given = np.array(labels, np.int8)
    images = np.random.default_rng(0).integers(0, 256, (count, 64, 64)).astype(np.uint8)
    trusted = np.where(given == UNLABELED, 0, trust).astype(np.float32)
    return FaceSet(images, given, trusted, ("drawn",) * count, tuple(map(str, range(count))))


def test_from_face_set_weighs_a_label_by_its_trust_and_the_teachers_by_the_rest() -> None:
    material = Material.from_face_set(face_set([1, 7, UNLABELED]), CPU, has_teachers=True)
    assert material.labels.tolist() == [1, UNKNOWN, UNKNOWN]
    labels, votes = material.targets["labels"], material.targets["votes"]
    assert labels[0].tolist() == pytest.approx([0, 0.8, 0, 0, 0, 0, 0])
    assert votes[0].argmax() == FERPLUS_VOTES.index("disgust")
    # Contempt is none of FER2013's seven, but one of the annotators' answers.
    assert float(labels[1].sum()) == 0.0
    assert votes[1].argmax() == FERPLUS_VOTES.index("contempt")
    assert float(labels[2].sum() + votes[2].sum()) == 0.0
    assert material.teaching.tolist() == pytest.approx([0.2, 0.2, 1.0])


def test_from_face_set_without_teachers_gives_them_no_weight() -> None:
    material = Material.from_face_set(face_set([0, UNLABELED]), CPU, has_teachers=False)
    assert material.teaching.tolist() == [0.0, 0.0]


def test_from_face_set_without_faces_is_an_error() -> None:
    with pytest.raises(DatasetError, match="must hold faces"):
        Material.from_face_set(face_set([]), CPU, has_teachers=False)


def test_merge_puts_sets_one_behind_the_other_and_gives_all_of_them_context(val_split: Split) -> None:
    faces = face_set([2, 3])
    own = Material.of(val_split, CPU, teaching=0.7)
    merged = Material.merge([own, Material.from_face_set(faces, CPU, has_teachers=True)])
    assert merged.pictures.shape == (len(val_split) + 2, 64, 64)
    assert torch.equal(merged.pictures[: len(val_split), 8:56, 8:56], own.pictures)
    assert torch.equal(merged.pictures[0, 7, 8:56], own.pictures[0, 0])
    assert merged.pictures[-2:].numpy().tolist() == faces.images.tolist()
    assert merged.labels[-2:].tolist() == [2, 3]
    assert merged.teaching.tolist() == pytest.approx([0.7] * len(val_split) + [0.2] * 2)
    torch.testing.assert_close(merged.targets["labels"][0].sum(), torch.tensor(0.3))


def test_merge_with_a_split_without_votes_gives_it_votes_of_no_weight(val_split: Split) -> None:
    bare = Split(val_split.rows, val_split.images, val_split.labels, None)
    merged = Material.merge([Material.of(bare, CPU), Material.from_face_set(face_set([2]), CPU, has_teachers=False)])
    assert float(merged.targets["votes"][: len(bare)].sum()) == 0.0
    assert float(merged.targets["votes"][-1].sum()) == pytest.approx(0.8)


def test_merge_of_one_material_leaves_it_as_it_is(val_split: Split) -> None:
    own = Material.of(val_split, CPU)
    assert Material.merge([own]) is own

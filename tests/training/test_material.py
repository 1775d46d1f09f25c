import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError
from mememoji.training.material import Material
from mememoji.training.recipe import Recipe

CPU = torch.device("cpu")


def test_no_pictures_is_an_error(train_split: Split) -> None:
    with pytest.raises(DatasetError, match="no pictures"):
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

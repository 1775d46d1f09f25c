import pytest

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.fer2013.records import face_label_of_name, label_of_name


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *((name, name) for name in FACE_LABELS),
        ("Happiness", "happy"),
        (" fearful ", "fear"),
        ("scared", "fear"),
        ("contemptuous", "contempt"),
    ],
)
def test_face_label_of_name_knows_classes_and_aliases(name: str, label: str) -> None:
    assert face_label_of_name(name) == FACE_LABELS.index(label)


def test_face_label_of_name_tells_unlabeled_from_unknown_names() -> None:
    assert [face_label_of_name(name) for name in ("none", "Unlabeled", "unknown")] == [UNLABELED] * 3
    assert [face_label_of_name(name) for name in ("", "hapy", "NF")] == [None] * 3


def test_fer2013_knows_no_contempt() -> None:
    assert label_of_name("contempt") is None
    assert label_of_name("disgusted") == 1

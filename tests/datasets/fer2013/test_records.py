import pytest

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.fer2013.records import face_label_from_name, label_from_name


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
def test_face_label_from_name_knows_classes_and_aliases(name: str, label: str) -> None:
    assert face_label_from_name(name) == FACE_LABELS.index(label)


def test_face_label_from_name_distinguishes_unlabeled_from_unknown() -> None:
    assert [face_label_from_name(name) for name in ("none", "Unlabeled", "unknown")] == [UNLABELED] * 3
    assert [face_label_from_name(name) for name in ("", "hapy", "NF")] == [None] * 3


def test_label_from_name_has_no_contempt() -> None:
    assert label_from_name("contempt") is None
    assert label_from_name("disgusted") == 1

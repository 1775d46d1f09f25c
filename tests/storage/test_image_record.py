"""Stored images check themselves."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mememoji.storage.image_record import Kept, is_photo_id, new_photo_id, now
from tests.storage.conftest import MakePhoto


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photo_id": ""}, "as identifier, got ''"),
        ({"photo_id": "a b"}, "as identifier"),
        ({"created_at": datetime(2026, 1, 1)}, "in UTC"),
        ({"created_at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))}, "in UTC"),
        ({"expires_at": datetime(2200, 1, 1, 0, 0, 0, 7, tzinfo=UTC)}, "whole milliseconds"),
        ({"expires_at": datetime(2000, 1, 1, tzinfo=UTC)}, "expires after it was made"),
        ({"model": "a\0b"}, "can be printed"),
        ({"detector": "\ud800"}, "can be printed"),
        ({"picture": b"an image"}, "an image goes with kept=received, got nothing"),
    ],
)
def test_a_photo_checks_itself(make: MakePhoto, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(make(), **change)


def test_crops_are_kept_as_crops(make: MakePhoto) -> None:
    with pytest.raises(ValueError, match="crops go with kept=crops, got received"):
        dataclasses.replace(make(crops=(b"one", b"two")), kept=Kept.RECEIVED)


def test_either_the_picture_or_crops_are_kept(make: MakePhoto) -> None:
    with pytest.raises(ValueError, match="got both"):
        make(picture=b"an image", crops=(b"one", b"two"))


def test_a_crop_for_each_face(make: MakePhoto) -> None:
    with pytest.raises(ValueError, match="shorter"):
        make(crops=(b"one",))


@pytest.mark.parametrize(
    ("pixels", "kept"),
    [({}, Kept.NOTHING), ({"picture": b"an image"}, Kept.RECEIVED), ({"crops": (b"one", b"two")}, Kept.CROPS)],
)
def test_what_is_kept_is_told_without_the_pixels(make: MakePhoto, pixels: dict[str, Any], kept: Kept) -> None:
    bare = make(**pixels).without_pixels()
    assert bare.kept is kept
    assert bare.picture is None
    assert all(face.crop is None for face in bare.faces)
    assert json.loads(json.dumps(bare.to_dict()))["kept"] == kept.value


def test_a_photo_lives_until_it_expires(make: MakePhoto) -> None:
    photo = make(lifetime=timedelta(hours=1))
    assert photo.expires_at is not None
    assert photo.is_alive(photo.expires_at - timedelta(milliseconds=1))
    assert not photo.is_alive(photo.expires_at)
    assert make().is_alive(datetime(3000, 1, 1, tzinfo=UTC))


def test_new_identifiers_are_long_and_never_the_same() -> None:
    names = {new_photo_id() for _ in range(1000)}
    assert len(names) == 1000
    assert all(is_photo_id(name) and len(name) == 32 for name in names)


def test_the_time_has_whole_milliseconds() -> None:
    assert now().microsecond % 1000 == 0
    assert now().tzinfo is UTC

"""Records of stored images."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mememoji.storage.image_record import PixelRetention, generate_image_id, is_valid_image_id, utc_now
from tests.storage.conftest import MakeRecord


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": ""}, "image_id must be 1 to 100 letters.*, got ''"),
        ({"image_id": "a b"}, "image_id must be"),
        ({"created_at": datetime(2026, 1, 1)}, "in UTC"),
        ({"created_at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))}, "in UTC"),
        ({"expires_at": datetime(2200, 1, 1, 0, 0, 0, 7, tzinfo=UTC)}, "whole milliseconds"),
        ({"expires_at": datetime(2000, 1, 1, tzinfo=UTC)}, "must be after created_at"),
        ({"model": "a\0b"}, "must be printable"),
        ({"detector": "\ud800"}, "must be printable"),
        ({"image": b"an image"}, "must be 'received' for a record with an image, got 'nothing'"),
    ],
)
def test_record_with_invalid_value_raises_value_error(make: MakeRecord, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(make(), **change)


def test_record_with_crops_needs_crop_retention(make: MakeRecord) -> None:
    with pytest.raises(ValueError, match="must be 'crops' for a record with crops, got 'received'"):
        dataclasses.replace(make(crops=(b"one", b"two")), retention=PixelRetention.RECEIVED)


def test_record_from_image_and_crops_raises_value_error(make: MakeRecord) -> None:
    with pytest.raises(ValueError, match="got both"):
        make(image=b"an image", crops=(b"one", b"two"))


def test_record_with_too_few_crops_raises_value_error(make: MakeRecord) -> None:
    with pytest.raises(ValueError, match="shorter"):
        make(crops=(b"one",))


@pytest.mark.parametrize(
    ("pixels", "retention"),
    [
        ({}, PixelRetention.NOTHING),
        ({"image": b"an image"}, PixelRetention.RECEIVED),
        ({"crops": (b"one", b"two")}, PixelRetention.CROPS),
    ],
)
def test_without_pixels_keeps_retention(make: MakeRecord, pixels: dict[str, Any], retention: PixelRetention) -> None:
    bare = make(**pixels).without_pixels()
    assert bare.retention is retention
    assert bare.image is None
    assert all(face.crop is None for face in bare.faces)
    assert json.loads(json.dumps(bare.to_dict()))["kept"] == retention.value


def test_is_expired_from_the_expiry_time_on(make: MakeRecord) -> None:
    record = make(ttl=timedelta(hours=1))
    assert record.expires_at is not None
    assert not record.is_expired(record.expires_at - timedelta(milliseconds=1))
    assert record.is_expired(record.expires_at)
    assert not make().is_expired(datetime(3000, 1, 1, tzinfo=UTC))


def test_generate_image_id_is_long_and_unique() -> None:
    names = {generate_image_id() for _ in range(1000)}
    assert len(names) == 1000
    assert all(is_valid_image_id(name) and len(name) == 32 for name in names)


def test_utc_now_has_whole_milliseconds() -> None:
    assert utc_now().microsecond % 1000 == 0
    assert utc_now().tzinfo is UTC

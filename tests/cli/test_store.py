import dataclasses
import json
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.cli import store as command
from mememoji.datasets.splits import Split
from mememoji.emotions import EMOTIONS, FER2013_LABELS, Emotion
from mememoji.image_io import encode_png
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.storage.factory import DEFAULT_URL, open_store
from mememoji.storage.image_record import StoredPhoto, now

FACE = Face(Detection(Box(0, 0, 48, 48)), Composition((0.1, 0.1, 0.5, 0.1, 0.1, 0.1)))

Add = Callable[..., StoredPhoto]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/photos.db"


@pytest.fixture
def add(url: str) -> Add:
    """Stores an image that is one face, and what was said of it."""

    def add(*said: Emotion, crop: bytes | None = None) -> StoredPhoto:
        crops = None if crop is None else (crop,)
        photo = StoredPhoto.of(Analysis(48, 48, (FACE,), "whole", "fixed"), crops=crops)
        with closing(open_store(url)) as store:
            store.add(photo)
            for emotion in said:
                store.add_feedback(photo.photo_id, 0, emotion)
        return photo

    return add


def run(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["store", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def test_the_default_is_the_services() -> None:
    assert command._DEFAULT == DEFAULT_URL


def test_without_a_store_it_says_which_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMEMOJI_STORE", raising=False)
    for arguments in (["stats"], ["purge"], ["export", "--out", "out"]):
        told = run(*arguments, code=1)
        assert told.startswith(
            "mememoji: no store at mememoji.db; name the one that `mememoji serve` uses: --store URL"
        )
    assert not list(tmp_path.iterdir())


def test_an_empty_store_is_counted(url: str) -> None:
    with closing(open_store(url)) as store:
        store.ping()
    assert run("stats", "--store", url).splitlines()[:3] == [
        "images    0",
        "faces     0",
        "feedback  0, of which 0 name the face's top emotion",
    ]


def test_stats(url: str, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add(Emotion.HAPPY, Emotion.SAD, crop=b"a crop")
    add()
    told = run("stats", "--store", url)
    assert "feedback  2, of which 1 name the face's top emotion" in told
    assert "  sad       1" in told
    monkeypatch.setenv("MEMEMOJI_STORE", url)
    assert json.loads(run("stats", "--json")) == {
        "photos": 2,
        "faces": 2,
        "feedback": 2,
        "agreeing": 1,
        "picture_bytes": 6,
        "feedback_by_emotion": {emotion.value: int(emotion in (Emotion.HAPPY, Emotion.SAD)) for emotion in EMOTIONS},
    }


def test_purge_deletes_what_has_expired(url: str, add: Add) -> None:
    photo = add()
    with closing(open_store(url)) as store:
        made = now() - timedelta(days=2)
        old = dataclasses.replace(photo, photo_id="old", created_at=made, expires_at=made + timedelta(days=1))
        store.add(old)
    assert run("purge", "--store", url) == "1 expired images deleted\n"
    assert run("purge", "--store", url) == "0 expired images deleted\n"
    assert "images    1\n" in run("stats", "--store", url)


def test_an_export_is_what_train_reads(url: str, add: Add, pattern_split: Split, tmp_path: Path) -> None:
    for image, label in zip(pattern_split.images, pattern_split.labels, strict=True):
        name = FER2013_LABELS[label]
        add(Emotion("angry" if name == "disgust" else name), crop=encode_png(image))
    add(Emotion.SAD)
    out, runs = tmp_path / "data", tmp_path / "run"

    told = run("export", "--store", url, "--out", out, "--val-share", "0.3")

    assert "faces passed over: 0 without feedback, 1 without pixels, 0 unreadable" in told
    assert f"written to {out}" in told
    short = ("--preset", "minute", "--epochs", "1", "--batch", "8", "--threads", "1")
    trained = CliRunner().invoke(app, ["train", "--data", str(out), "--out", str(runs), *short])
    assert trained.exit_code == 0, trained.output
    assert "feedback on stored images" in json.loads((runs / "weights.card.json").read_text())["trained_on"]


def test_an_export_that_train_cannot_read_yet_says_so(url: str, add: Add, tmp_path: Path) -> None:
    add(Emotion.SAD)
    told = run("export", "--store", url, "--out", tmp_path / "data", "--val-share", "0")
    assert "nothing in train and val, and `mememoji train` needs both: collect more or set --val-share" in told
    assert len(list((tmp_path / "data").iterdir())) == 3


def test_an_unknown_store_is_one_line(tmp_path: Path) -> None:
    told = run("stats", "--store", "mysql://me:hunter2@127.0.0.1/photos", code=1)
    assert "expected a store's URL like sqlite:///FILE" in told
    assert "hunter2" not in told
    assert len(told.splitlines()) == 1

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
from mememoji.storage.image_record import ImageRecord, utc_now

FACE = Face(Detection(Box(0, 0, 48, 48)), Composition((0.1, 0.1, 0.5, 0.1, 0.1, 0.1)))

Add = Callable[..., ImageRecord]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/images.db"


@pytest.fixture
def add(url: str) -> Add:
    """Return a function that stores an image of one face and feedback on it."""

    def add(*feedback: Emotion, crop: bytes | None = None) -> ImageRecord:
        crops = None if crop is None else (crop,)
        record = ImageRecord.from_analysis(Analysis(48, 48, (FACE,), "full-image", "fake"), crops=crops)
        with closing(open_store(url)) as store:
            store.add(record)
            for emotion in feedback:
                store.add_feedback(record.image_id, 0, emotion)
        return record

    return add


def run(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["store", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def test_default_url_equals_the_services() -> None:
    assert command.DEFAULT_STORE == DEFAULT_URL


def test_commands_without_a_store_name_the_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMEMOJI_STORE", raising=False)
    for arguments in (["stats"], ["purge"], ["export", "--out", "out"]):
        output = run(*arguments, code=1)
        assert output.startswith(
            "mememoji: no store at mememoji.db; name the one that `mememoji serve` uses: --store URL"
        )
    assert not list(tmp_path.iterdir())


def test_stats_of_an_empty_store_are_zero(url: str) -> None:
    with closing(open_store(url)) as store:
        store.ping()
    assert run("stats", "--store", url).splitlines()[:3] == [
        "images    0",
        "faces     0",
        "feedback  0, of which 0 name the face's top emotion",
    ]


def test_stats_count_images_faces_and_feedback(url: str, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add(Emotion.HAPPY, Emotion.SAD, crop=b"a crop")
    add()
    output = run("stats", "--store", url)
    assert "feedback  2, of which 1 name the face's top emotion" in output
    assert "  sad       1" in output
    monkeypatch.setenv("MEMEMOJI_STORE", url)
    assert json.loads(run("stats", "--json")) == {
        "images": 2,
        "faces": 2,
        "feedback": 2,
        "agreeing": 1,
        "pixel_bytes": 6,
        "feedback_by_emotion": {emotion.value: int(emotion in (Emotion.HAPPY, Emotion.SAD)) for emotion in EMOTIONS},
    }


def test_purge_deletes_expired_images(url: str, add: Add) -> None:
    record = add()
    with closing(open_store(url)) as store:
        made = utc_now() - timedelta(days=2)
        old = dataclasses.replace(record, image_id="old", created_at=made, expires_at=made + timedelta(days=1))
        store.add(old)
    assert run("purge", "--store", url) == "1 expired images deleted\n"
    assert run("purge", "--store", url) == "0 expired images deleted\n"
    assert "images    1\n" in run("stats", "--store", url)


def test_export_is_readable_by_train(url: str, add: Add, pattern_split: Split, tmp_path: Path) -> None:
    for image, label in zip(pattern_split.images, pattern_split.labels, strict=True):
        name = FER2013_LABELS[label]
        add(Emotion("angry" if name == "disgust" else name), crop=encode_png(image))
    add(Emotion.SAD)
    out, runs = tmp_path / "data", tmp_path / "run"

    output = run("export", "--store", url, "--out", out, "--val-fraction", "0.3")

    assert "faces skipped: 0 without feedback, 1 without pixels, 0 unreadable" in output
    assert f"written to {out}" in output
    short = ("--preset", "debug", "--epochs", "1", "--batch-size", "8", "--threads", "1")
    trained = CliRunner().invoke(app, ["train", "--data", str(out), "--out", str(runs), *short])
    assert trained.exit_code == 0, trained.output
    assert "feedback on stored images" in json.loads((runs / "weights.card.json").read_text())["trained_on"]


def test_export_with_an_empty_split_warns(url: str, add: Add, tmp_path: Path) -> None:
    add(Emotion.SAD)
    output = run("export", "--store", url, "--out", tmp_path / "data", "--val-fraction", "0")
    assert (
        "nothing in train and val, and `mememoji train` needs both; collect more feedback or set --val-fraction"
        in output
    )
    assert len(list((tmp_path / "data").iterdir())) == 3


def test_unknown_store_fails_with_one_line(tmp_path: Path) -> None:
    output = run("stats", "--store", "mysql://me:hunter2@127.0.0.1/images", code=1)
    assert "the store's URL must be sqlite:///FILE" in output
    assert "hunter2" not in output
    assert len(output.splitlines()) == 1

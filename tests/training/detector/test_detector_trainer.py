import csv
from pathlib import Path

import pytest
import torch

from mememoji.detection.compact import CompactDetector
from mememoji.errors import DatasetError, ModelError, RunError
from mememoji.image_io import read_image
from mememoji.training.common.checkpoint import FILE
from mememoji.training.common.device import choose_device
from mememoji.training.detector.detector_checkpoint import PLATEAU, DetectorCheckpoint, read_checkpoint
from mememoji.training.detector.detector_config import DetectorRecipe, SceneSettings
from mememoji.training.detector.detector_export import export
from mememoji.training.detector.detector_network import DetectorNetwork, DetectorShape
from mememoji.training.detector.detector_trainer import DetectorFitting
from mememoji.training.detector.validator import padded
from tests.drawn_faces import drawn

CPU = choose_device("cpu", bfloat16=False)
PHOTOGRAPHS = [drawn(number, faces=1 + number % 2) for number in range(8)]
VAL = [drawn(number) for number in range(30, 34)]
SHAPE = DetectorShape(8, (12, 16, 24, 24), (0, 1, 1, 1), 16)
SCENES = SceneSettings(mosaic=0.2, least_scale=0.8, most_scale=1.2, rotation=0, dark=0, covered=0, blur=0)
TINY = DetectorRecipe(SHAPE, epochs=3, fall=1, sides=(64, 96), batch=4, warmup=0.5, average=0.8, scenes=SCENES)


def fitting(recipe: DetectorRecipe, run: Path) -> DetectorFitting:
    return DetectorFitting(recipe, PHOTOGRAPHS, VAL, run, CPU, quiet=True)


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return list(network.state_dict().values())


def test_it_learns_drawn_faces_and_what_is_exported_finds_them(tmp_path: Path) -> None:
    recipe = TINY.with_changes(epochs=10, fall=4, rate=1e-2, batch=8)
    many = [drawn(number, faces=1 + number % 2) for number in range(100, 196)]
    training = DetectorFitting(recipe, many, VAL, tmp_path / "run", CPU, quiet=True)
    network = training.fit()
    assert training.history[-1].loss < 0.5 * training.history[0].loss
    assert (training.history[-1].val_ap or 0.0) > 0.8
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"history.csv", "history.png", FILE, PLATEAU}
    assert isinstance(network, DetectorNetwork)
    card = export(
        network,
        tmp_path / "net.onnx",
        padded(VAL),
        name="tiny",
        score_threshold=0.3,
        trained_on="drawings",
        license="MIT",
    )
    detector = CompactDetector(tmp_path / "net.onnx")
    assert detector.card == card
    for photograph in VAL:
        found = detector.detect(read_image(photograph.image))
        left, top, right, bottom = photograph.faces[0]
        middle = found[0].box.x + found[0].box.width / 2, found[0].box.y + found[0].box.height / 2
        assert left < middle[0] < right
        assert top < middle[1] < bottom


def test_resuming_gives_what_an_uninterrupted_run_gives(tmp_path: Path) -> None:
    whole = fitting(TINY, tmp_path / "whole")
    expected = whole.fit()
    # Stopped before the rate falls: until then a longer training is the same.
    fitting(TINY.with_changes(epochs=2, fall=0), tmp_path / "parts").fit()
    resumed = fitting(TINY, tmp_path / "parts")
    resumed.resume()
    assert len(resumed.history) == 2
    found = resumed.fit()
    assert all(torch.equal(a, b) for a, b in zip(weights(expected), weights(found), strict=True))
    assert [epoch.val_ap for epoch in resumed.history] == [epoch.val_ap for epoch in whole.history]
    # Once it fell, a longer one goes on from before it did.
    longer = fitting(TINY.with_changes(epochs=5, fall=1), tmp_path / "parts")
    longer.resume()
    assert len(longer.history) == 2


def test_val_is_judged_every_so_many_epochs_and_at_the_end(tmp_path: Path) -> None:
    recipe = TINY.with_changes(epochs=5, fall=1)
    training = DetectorFitting(recipe, PHOTOGRAPHS, VAL, tmp_path, CPU, judge_every=2, quiet=True)
    training.fit()
    assert [epoch.val_ap is not None for epoch in training.history] == [False, True, False, True, True]
    with (tmp_path / "history.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["val_recall"] == "" for row in rows] == [True, False, True, False, False]
    assert read_checkpoint(tmp_path).history == training.history
    resumed = fitting(recipe, tmp_path)
    resumed.resume()
    assert resumed.history == training.history


def test_a_checkpoint_outlives_a_kill_while_the_next_is_written(tmp_path: Path) -> None:
    fitting(TINY.with_changes(epochs=1, fall=0), tmp_path).fit()
    for name in (FILE, "history.csv"):
        (tmp_path / f"{name}.partial").write_bytes(b"cut short")
    resumed = fitting(TINY, tmp_path)
    resumed.resume()
    resumed.fit()
    assert {path.name for path in tmp_path.iterdir()} == {"history.csv", "history.png", FILE, PLATEAU}


def test_a_fast_training_is_not_written_each_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, int]] = []
    monkeypatch.setattr(
        DetectorCheckpoint, "write", lambda self, run, name=FILE: written.append((name, len(self.history)))
    )
    fitting(TINY.with_changes(epochs=4, fall=2), tmp_path).fit()
    assert written == [(FILE, 1), (PLATEAU, 2), (FILE, 4)]


def test_resuming_refuses_what_is_not_its_own(tmp_path: Path) -> None:
    short = TINY.with_changes(epochs=1)
    with pytest.raises(RunError, match="no checkpoint"):
        fitting(short, tmp_path).resume()
    fitting(short, tmp_path).fit()
    with pytest.raises(RunError, match="another recipe"):
        fitting(short.with_changes(seed=1), tmp_path).resume()
    with pytest.raises(RunError, match="other images"):
        DetectorFitting(short, PHOTOGRAPHS[:4], VAL, tmp_path, CPU, quiet=True).resume()
    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="no checkpoint of this version"):
        read_checkpoint(tmp_path)


def test_held_out_animals_are_not_learned_from(tmp_path: Path) -> None:
    import dataclasses

    animals = [dataclasses.replace(drawn(n), source="dogcat", id=f"dogcat:cat.{n}") for n in range(12)]
    kept = sum(not animal.is_held_out for animal in animals)
    training = DetectorFitting(TINY.with_changes(batch=2), animals, VAL, tmp_path, CPU, quiet=True)
    assert 0 < kept < 12
    assert training.scenes.steps == kept // 2


def test_no_photographs_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="needs images"):
        DetectorFitting(TINY, [], VAL, tmp_path, CPU, quiet=True)


def test_an_export_wants_photographs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="got none"):
        export(
            DetectorNetwork(SHAPE),
            tmp_path / "net.onnx",
            padded(VAL)[:0],
            name="tiny",
            score_threshold=0.3,
            trained_on="",
            license="MIT",
        )

"""Training from Python, without the command line."""

from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.face_sets.face_set import FaceSet
from mememoji.datasets.negatives import LabeledCrops, write_crops
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import RunError
from mememoji.evaluation.classification.scores import map_labels_to_six
from mememoji.training.classifier.batch_sampler import MixedFaceSet
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_pipeline import ClassifierPipeline, train_classifier
from mememoji.training.classifier.trained_classifier import export_run
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)


@pytest.fixture(scope="module")
def data(train_split: Split, val_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_split(train_split, folder / "train.parquet")
    write_split(val_split, folder / "val.parquet")
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tiny_config: ClassifierTrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    train_classifier(tiny_config.with_changes(epochs=6), data, out, device=CPU)
    return out


def test_train_classifier_exports_evaluated_weights(data: Path, run: Path, val_split: Split) -> None:
    card = ModelCard.read(run / "weights.card.json")
    assert card.scores["val"]["accuracy_7"] > 0.7
    labels = OnnxClassifier(run / "weights.onnx").classify(val_split.images).labels
    assert labels is not None
    assert (labels.argmax(axis=1) == val_split.labels).mean() == pytest.approx(card.scores["val"]["accuracy_7"])


def test_train_classifier_without_votes_gives_compositions_of_the_labels(
    train_split: Split, val_split: Split, tiny_config: ClassifierTrainConfig, tmp_path: Path
) -> None:
    for name, split in (("train", train_split), ("val", val_split)):
        write_split(Split(split.rows, split.images, split.labels, None), tmp_path / f"{name}.parquet")
    trained = train_classifier(tiny_config.with_changes(epochs=6), tmp_path, tmp_path / "run", device=CPU)
    compositions = OnnxClassifier(trained.weights).classify(val_split.images).compute_compositions()
    assert (compositions.argmax(axis=1) == map_labels_to_six(val_split.labels)).mean() > 0.7


def test_train_classifier_reports_its_stages_and_its_sources_in_the_card(
    data: Path, run: Path, tiny_config: ClassifierTrainConfig, val_split: Split, tmp_path: Path
) -> None:
    negatives = tmp_path / "negatives.parquet"
    noise = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    write_crops(LabeledCrops(noise, np.arange(8) < 3), negatives)
    images = np.pad(val_split.images, ((0, 0), (8, 8), (8, 8)), mode="symmetric")
    names = tuple(map(str, val_split.rows))
    faces = FaceSet(images, val_split.labels, np.ones(70, np.float32), ("drawn",) * 70, names)
    lines: list[str] = []
    trained = train_classifier(
        tiny_config.with_changes(epochs=1),
        data,
        tmp_path / "run",
        name="tuned",
        device=CPU,
        teachers=[run],
        face_sets=[MixedFaceSet(faces, 0.3, "faces.parquet")],
        init_from=run,
        negatives=negatives,
        log=lines.append,
    )
    assert trained.calibrations.keys() == {"labels", "votes"}
    assert lines == ["tuned: 350 images, 1 epochs on cpu, float32", "tuned: fitting the non-face output"]
    assert ModelCard.read(tmp_path / "run" / "weights.card.json").trained_on.endswith(
        "; initialized from first; 70 faces from 1 other sources, 70 of them labeled (faces.parquet), 30% of each batch"
        "; distilled from 1 teachers: first; non-face output fitted on 8 crops (negatives.parquet)"
    )


def test_train_classifier_in_a_used_folder_is_rejected_unless_resumed(
    data: Path, run: Path, tiny_config: ClassifierTrainConfig
) -> None:
    config = tiny_config.with_changes(epochs=6)
    before = (run / "weights.onnx").read_bytes()
    with pytest.raises(RunError, match="already has a training; use --resume"):
        train_classifier(config, data, run, device=CPU)
    train_classifier(config, data, run, device=CPU, resume=True)
    assert (run / "weights.onnx").read_bytes() == before


def test_pipeline_rejects_face_sets_that_leave_nothing_of_a_batch(
    data: Path, tiny_config: ClassifierTrainConfig, val_split: Split, tmp_path: Path
) -> None:
    images = np.zeros((1, 64, 64), np.uint8)
    faces = FaceSet(images, np.zeros(1, np.int8), np.ones(1, np.float32), ("drawn",), ("1",))
    with pytest.raises(ValueError, match=r"must sum to less than 1, got \[0.6, 0.6\]"):
        ClassifierPipeline(
            config=tiny_config, data=data, out=tmp_path / "run", face_sets=[MixedFaceSet(faces, 0.6)] * 2
        )


def test_export_run_interpolates_with_a_weights_file(data: Path, run: Path, tmp_path: Path) -> None:
    exported = export_run(
        run, data, tmp_path / "net.onnx", name="half", interpolate_with=[(run / "weights.onnx", 0.5)], tau=0.2
    )
    card = ModelCard.read(exported.weights.with_name("net.card.json"))
    assert card.name.startswith("half-")
    assert card.trained_on.endswith(
        "; weights interpolated (alpha 0.5) with weights.onnx; logits of the votes head adjusted (tau 0.2)"
    )

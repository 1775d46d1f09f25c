"""Calibrated weights: the file's own answers, and what its card says of them."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier, softmax
from mememoji.classification.preprocess import normalize
from mememoji.conversion.convert_weights import scale
from mememoji.conversion.evaluate_weights import calibrate_weights
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import ModelError
from mememoji.evaluation.temperature import Scaling
from mememoji.model_files import card_path


@pytest.fixture(scope="module")
def val(pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "val.parquet"
    write_split(pattern_split, path)
    return path


def test_the_card_tells_what_the_file_holds(pooled_weights: Path, val: Path, tmp_path: Path) -> None:
    out = tmp_path / "calibrated.onnx"
    evaluation, found = calibrate_weights(pooled_weights, val, out)
    card = ModelCard.read(card_path(out))
    assert card.temperatures == {head: c.scaling.temperature for head, c in found.items()}
    assert card.floors == {head: c.scaling.floor for head, c in found.items()}
    for head, c in found.items():
        assert card.scores["val"][f"calibration_error_{head}"] == pytest.approx(c.after, abs=1e-4)
        assert card.scores["val"][f"calibration_error_{head}_cross_fitted"] == pytest.approx(c.cross_fitted, abs=1e-4)
    assert evaluation.report.weights["temperatures"] == card.temperatures


def test_the_graph_answers_as_the_scaling_says(compact_weights: Path, pattern_split: Split, tmp_path: Path) -> None:
    scalings = {"labels": Scaling(1.7, 0.02), "votes": Scaling(0.6)}
    scale(compact_weights, tmp_path / "scaled.onnx", scalings)
    plain = OnnxClassifier(compact_weights).classify(pattern_split.images)
    session = onnxruntime.InferenceSession(str(tmp_path / "scaled.onnx"))
    pixels = normalize(pattern_split.images[:, None].astype(np.float32))
    for head, logits in zip(("labels", "votes"), session.run(["labels", "votes"], {"crops": pixels}), strict=True):
        bare = getattr(plain, head)
        np.testing.assert_allclose(softmax(logits), scalings[head].apply(bare), atol=1e-5)
        np.testing.assert_array_equal(logits.argmax(axis=1), bare.argmax(axis=1))


def test_calibrating_anew_sets_the_earlier_aside(pooled_weights: Path, val: Path, tmp_path: Path) -> None:
    _, first = calibrate_weights(pooled_weights, val, tmp_path / "once.onnx")
    _, again = calibrate_weights(tmp_path / "once.onnx", val, tmp_path / "once.onnx")
    assert again == first
    scale(tmp_path / "once.onnx", tmp_path / "bare.onnx", {})
    assert ModelCard.read(card_path(tmp_path / "bare.onnx")).temperatures == {}


def test_an_unknown_head_is_told(pooled_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no 'mood' to calibrate"):
        scale(pooled_weights, tmp_path / "x.onnx", {"mood": Scaling(2.0)})

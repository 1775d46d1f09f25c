from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier, softmax
from mememoji.classification.preprocess import normalize
from mememoji.conversion.convert_weights import write_calibrated
from mememoji.conversion.evaluate_weights import calibrate_weights
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import ModelError
from mememoji.evaluation.temperature_scaling import CalibrationParams
from mememoji.model_files import card_path


@pytest.fixture(scope="module")
def val(pattern_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "val.parquet"
    write_split(pattern_split, path)
    return path


def test_calibration_is_in_the_card(pooled_weights: Path, val: Path, tmp_path: Path) -> None:
    out = tmp_path / "calibrated.onnx"
    evaluation, heads = calibrate_weights(pooled_weights, val, out)
    card = ModelCard.read(card_path(out))
    assert card.temperatures == {head: c.params.temperature for head, c in heads.items()}
    assert card.prob_floors == {head: c.params.prob_floor for head, c in heads.items()}
    for head, c in heads.items():
        assert card.scores["val"][f"calibration_error_{head}"] == pytest.approx(c.after, abs=1e-4)
        assert card.scores["val"][f"calibration_error_{head}_cross_fitted"] == pytest.approx(c.cross_fitted, abs=1e-4)
    assert evaluation.report.weights["temperatures"] == card.temperatures


def test_calibrated_graph_matches_the_params(compact_weights: Path, pattern_split: Split, tmp_path: Path) -> None:
    params = {"labels": CalibrationParams(1.7, 0.02), "votes": CalibrationParams(0.6)}
    write_calibrated(compact_weights, tmp_path / "calibrated.onnx", params)
    plain = OnnxClassifier(compact_weights).classify(pattern_split.images)
    session = onnxruntime.InferenceSession(str(tmp_path / "calibrated.onnx"))
    pixels = normalize(pattern_split.images[:, None].astype(np.float32))
    for head, logits in zip(("labels", "votes"), session.run(["labels", "votes"], {"crops": pixels}), strict=True):
        uncalibrated = getattr(plain, head)
        np.testing.assert_allclose(softmax(logits), params[head].apply(uncalibrated), atol=1e-5)
        np.testing.assert_array_equal(logits.argmax(axis=1), uncalibrated.argmax(axis=1))


def test_calibrating_again_replaces_the_calibration(pooled_weights: Path, val: Path, tmp_path: Path) -> None:
    _, first = calibrate_weights(pooled_weights, val, tmp_path / "once.onnx")
    _, again = calibrate_weights(tmp_path / "once.onnx", val, tmp_path / "once.onnx")
    assert again == first
    write_calibrated(tmp_path / "once.onnx", tmp_path / "uncalibrated.onnx", {})
    assert ModelCard.read(card_path(tmp_path / "uncalibrated.onnx")).temperatures == {}


def test_calibrating_an_unknown_head_is_rejected(pooled_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="got 'mood'"):
        write_calibrated(pooled_weights, tmp_path / "x.onnx", {"mood": CalibrationParams(2.0)})

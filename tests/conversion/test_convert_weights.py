import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from mememoji.classification.feature_extractor import FeatureExtractor
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.conversion.convert_weights import convert, write_calibrated
from mememoji.conversion.float_precision import store_as_float32
from mememoji.conversion.graph_rewrites import rewrite_for_int8
from mememoji.conversion.onnx_graph import Graph, read_weights
from mememoji.datasets.splits import Split
from mememoji.emotions import Emotion
from mememoji.errors import ModelError
from mememoji.evaluation.temperature_scaling import CalibrationParams
from mememoji.model_files import card_path, compute_sha256

Crops = npt.NDArray[np.uint8]


def predict_labels(weights: Path, crops: Crops) -> npt.NDArray[np.float32]:
    labels = OnnxClassifier(weights, num_threads=1).classify(crops).labels
    assert labels is not None
    return labels


def test_float16_and_float32_give_equal_probabilities(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    card = convert(compact_weights, tmp_path / "float.onnx", "float32")
    assert card == ModelCard.read(card_path(tmp_path / "float.onnx"))
    assert (card.precision, card.scores) == ("float32", {})
    convert(tmp_path / "float.onnx", tmp_path / "half.onnx", "float16")
    expected = predict_labels(compact_weights, many_crops)
    np.testing.assert_array_equal(predict_labels(tmp_path / "float.onnx", many_crops), expected)
    np.testing.assert_array_equal(predict_labels(tmp_path / "half.onnx", many_crops), expected)
    assert (tmp_path / "half.onnx").stat().st_size < (tmp_path / "float.onnx").stat().st_size


def test_rewrite_for_int8_keeps_the_probabilities(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    model, card = read_weights(compact_weights)
    store_as_float32(model)
    rewrite_for_int8(model)
    kinds = [node.op_type for node in Graph(model).nodes]
    assert {"AveragePool", "ReduceMean", "Unsqueeze", "Cast"}.isdisjoint(kinds)
    assert kinds.count("GlobalAveragePool") == 4  # three gates and the heads
    rewritten = tmp_path / "rewritten.onnx"
    onnx.save(model, str(rewritten))
    dataclasses.replace(card, sha256=compute_sha256(tmp_path / "rewritten.onnx")).write(
        card_path(tmp_path / "rewritten.onnx")
    )
    np.testing.assert_allclose(
        predict_labels(tmp_path / "rewritten.onnx", many_crops), predict_labels(compact_weights, many_crops), atol=1e-5
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"calibration_method": "minmax", "reduce_range": False, "keep_first_float": True},
        {"calibration_method": "entropy"},
    ],
)
def test_int8_gives_nearly_equal_probabilities(
    compact_weights: Path, many_crops: Crops, tmp_path: Path, options: dict[str, object]
) -> None:
    card = convert(compact_weights, tmp_path / "int8.onnx", "int8", many_crops, **options)
    assert card.precision == "int8"
    assert card.outputs == ModelCard.read(card_path(compact_weights)).outputs
    expected, found = predict_labels(compact_weights, many_crops), predict_labels(tmp_path / "int8.onnx", many_crops)
    assert np.abs(found - expected).max() > 0
    assert np.abs(found - expected).mean() < 0.02
    first = next(node for node in Graph(read_weights(tmp_path / "int8.onnx")[0]).nodes if node.op_type == "Conv")
    assert (first.input[1].endswith("_DequantizeLinear_Output")) != bool(options.get("keep_first_float"))


def test_reduce_range_limits_filters_to_7_bits(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    largest = {}
    for reduce_range in (True, False):
        convert(
            compact_weights,
            tmp_path / "int8.onnx",
            "int8",
            many_crops[:8],
            calibration_method="minmax",
            reduce_range=reduce_range,
        )
        constants = [v.name for v in read_weights(tmp_path / "int8.onnx")[0].graph.initializer]
        graph = Graph(read_weights(tmp_path / "int8.onnx")[0])
        arrays = [array for name in constants if (array := graph.get_constant(name)) is not None]
        largest[reduce_range] = max(
            int(np.abs(a.astype(int)).max()) for a in arrays if a.dtype == np.int8 and a.ndim == 4
        )
    assert largest == {True: 64, False: 127}


def test_int8_of_a_plain_network(plain_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    convert(plain_weights, tmp_path / "int8.onnx", "int8", many_crops)
    expected, found = predict_labels(plain_weights, many_crops), predict_labels(tmp_path / "int8.onnx", many_crops)
    assert np.abs(found - expected).mean() < 0.02


def test_int8_of_a_network_with_a_strided_stem(strided_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    convert(strided_weights, tmp_path / "int8.onnx", "int8", many_crops)
    expected, found = predict_labels(strided_weights, many_crops), predict_labels(tmp_path / "int8.onnx", many_crops)
    assert 0 < np.abs(found - expected).mean() < 0.02
    inside = FeatureExtractor(tmp_path / "int8.onnx")
    assert [inside.feature_maps(many_crops[:1], layer).shape[2] for layer in inside.layers] == [24, 12, 6]
    assert inside.class_activation_map(many_crops[:2], Emotion.SAD).shape == (2, 6, 6)


def test_int8_keeps_the_calibration(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    write_calibrated(compact_weights, tmp_path / "calibrated.onnx", {"labels": CalibrationParams(3.0, 0.01)})
    card = convert(tmp_path / "calibrated.onnx", tmp_path / "int8.onnx", "int8", many_crops)
    assert (card.temperatures, card.prob_floors) == ({"labels": 3.0}, {"labels": 0.01})
    calibrated = predict_labels(tmp_path / "calibrated.onnx", many_crops)
    assert np.abs(predict_labels(tmp_path / "int8.onnx", many_crops) - calibrated).mean() < 0.01


def test_layers_are_the_outputs_of_stages(
    compact_weights: Path,
    strided_weights: Path,
    plain_weights: Path,
    vgg_weights: Path,
    many_crops: Crops,
    tmp_path: Path,
) -> None:
    expected = {
        compact_weights: ["stem", "stage1", "stage2"],
        strided_weights: ["stem", "stage1", "stage2"],
        plain_weights: ["pool1", "pool2"],
        vgg_weights: ["pool1", "last"],
    }
    for weights, names in expected.items():
        assert list(ModelCard.read(card_path(weights)).layers) == names
        card = convert(weights, tmp_path / "int8.onnx", "int8", many_crops[:8])
        assert list(card.layers) == names
        assert all(tensor.endswith("_DequantizeLinear_Output") for tensor in card.layers.values())


def test_activation_maps_need_heads_linear_in_means(
    compact_weights: Path, plain_weights: Path, vgg_weights: Path, many_crops: Crops
) -> None:
    assert FeatureExtractor(compact_weights).class_activation_map(many_crops[:2], Emotion.SAD).shape == (2, 12, 12)
    assert FeatureExtractor(vgg_weights).class_activation_map(many_crops[:2], Emotion.SAD).shape == (2, 24, 24)
    with pytest.raises(ModelError, match="dense layers"):
        FeatureExtractor(plain_weights).class_activation_map(many_crops[:2], Emotion.SAD)


def test_invalid_conversions_are_rejected(compact_weights: Path, pattern_split: Split, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got 'int4'"):
        convert(compact_weights, tmp_path / "x.onnx", "int4")
    with pytest.raises(ModelError, match="int8 needs crops"):
        convert(compact_weights, tmp_path / "x.onnx", "int8")
    with pytest.raises(ModelError, match="crops for calibration must be"):
        convert(compact_weights, tmp_path / "x.onnx", "int8", pattern_split.images[:0])
    assert list(tmp_path.iterdir()) == []
    convert(compact_weights, tmp_path / "int8.onnx", "int8", pattern_split.images)
    with pytest.raises(ModelError, match="cannot be undone"):
        convert(tmp_path / "int8.onnx", tmp_path / "x.onnx", "float32")

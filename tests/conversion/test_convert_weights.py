"""Weights in other numbers."""

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from mememoji.classification.feature_extractor import Inside
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.conversion.convert_weights import convert, scale
from mememoji.conversion.graph_rewrites import lay_out
from mememoji.conversion.onnx_graph import Graph, read_weights
from mememoji.conversion.precision import store_as_float
from mememoji.datasets.splits import Split
from mememoji.emotions import Emotion
from mememoji.errors import ModelError
from mememoji.evaluation.temperature import Scaling
from mememoji.model_files import card_path, sha256_of

Crops = npt.NDArray[np.uint8]


def labels_of(weights: Path, crops: Crops) -> npt.NDArray[np.float32]:
    labels = OnnxClassifier(weights, threads=1).classify(crops).labels
    assert labels is not None
    return labels


def test_half_and_float_say_the_same(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    card = convert(compact_weights, tmp_path / "float.onnx", "float32")
    assert card == ModelCard.read(card_path(tmp_path / "float.onnx"))
    assert (card.precision, card.scores) == ("float32", {})
    convert(tmp_path / "float.onnx", tmp_path / "half.onnx", "float16")
    expected = labels_of(compact_weights, many_crops)
    np.testing.assert_array_equal(labels_of(tmp_path / "float.onnx", many_crops), expected)
    np.testing.assert_array_equal(labels_of(tmp_path / "half.onnx", many_crops), expected)
    assert (tmp_path / "half.onnx").stat().st_size < (tmp_path / "float.onnx").stat().st_size


def test_the_fast_layout_computes_what_the_file_did(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    model, card = read_weights(compact_weights)
    store_as_float(model)
    lay_out(model)
    kinds = [node.op_type for node in Graph(model).nodes]
    assert {"AveragePool", "ReduceMean", "Unsqueeze", "Cast"}.isdisjoint(kinds)
    assert kinds.count("GlobalAveragePool") == 4  # three gates and the heads
    onnx.save(model, str(tmp_path / "laid.onnx"))
    dataclasses.replace(card, sha256=sha256_of(tmp_path / "laid.onnx")).write(card_path(tmp_path / "laid.onnx"))
    np.testing.assert_allclose(
        labels_of(tmp_path / "laid.onnx", many_crops), labels_of(compact_weights, many_crops), atol=1e-5
    )


@pytest.mark.parametrize(
    "how", [{}, {"ranges": "minmax", "full_range": True, "float_first": True}, {"ranges": "entropy"}]
)
def test_eight_bits_say_nearly_the_same(
    compact_weights: Path, many_crops: Crops, tmp_path: Path, how: dict[str, object]
) -> None:
    card = convert(compact_weights, tmp_path / "eight.onnx", "int8", many_crops, **how)
    assert card.precision == "int8"
    assert card.outputs == ModelCard.read(card_path(compact_weights)).outputs
    expected, found = labels_of(compact_weights, many_crops), labels_of(tmp_path / "eight.onnx", many_crops)
    assert np.abs(found - expected).max() > 0
    assert np.abs(found - expected).mean() < 0.02
    first = next(node for node in Graph(read_weights(tmp_path / "eight.onnx")[0]).nodes if node.op_type == "Conv")
    assert (first.input[1].endswith("_DequantizeLinear_Output")) != bool(how.get("float_first"))


def test_seven_bits_are_the_most_that_a_filter_takes(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    largest = {}
    for full in (False, True):
        convert(compact_weights, tmp_path / "eight.onnx", "int8", many_crops[:8], ranges="minmax", full_range=full)
        constants = [v.name for v in read_weights(tmp_path / "eight.onnx")[0].graph.initializer]
        graph = Graph(read_weights(tmp_path / "eight.onnx")[0])
        arrays = [array for name in constants if (array := graph.constant(name)) is not None]
        largest[full] = max(int(np.abs(a.astype(int)).max()) for a in arrays if a.dtype == np.int8 and a.ndim == 4)
    assert largest == {False: 64, True: 127}


def test_the_originals_family_goes_too(plain_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    convert(plain_weights, tmp_path / "eight.onnx", "int8", many_crops)
    expected, found = labels_of(plain_weights, many_crops), labels_of(tmp_path / "eight.onnx", many_crops)
    assert np.abs(found - expected).mean() < 0.02


def test_a_stem_of_stride_2_goes_too(strided_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    convert(strided_weights, tmp_path / "eight.onnx", "int8", many_crops)
    expected, found = labels_of(strided_weights, many_crops), labels_of(tmp_path / "eight.onnx", many_crops)
    assert 0 < np.abs(found - expected).mean() < 0.02
    inside = Inside(tmp_path / "eight.onnx")
    assert [inside.maps(many_crops[:1], layer).shape[2] for layer in inside.layers] == [24, 12, 6]
    assert inside.activation(many_crops[:2], Emotion.SAD).shape == (2, 6, 6)


def test_an_earlier_calibration_stays(compact_weights: Path, many_crops: Crops, tmp_path: Path) -> None:
    scale(compact_weights, tmp_path / "cool.onnx", {"labels": Scaling(3.0, 0.01)})
    card = convert(tmp_path / "cool.onnx", tmp_path / "eight.onnx", "int8", many_crops)
    assert (card.temperatures, card.floors) == ({"labels": 3.0}, {"labels": 0.01})
    cool = labels_of(tmp_path / "cool.onnx", many_crops)
    assert np.abs(labels_of(tmp_path / "eight.onnx", many_crops) - cool).mean() < 0.01


def test_layers_are_the_ends_of_stages(
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
        card = convert(weights, tmp_path / "eight.onnx", "int8", many_crops[:8])
        assert list(card.layers) == names
        assert all(tensor.endswith("_DequantizeLinear_Output") for tensor in card.layers.values())


def test_answers_come_from_places_where_heads_act_on_means(
    compact_weights: Path, plain_weights: Path, vgg_weights: Path, many_crops: Crops
) -> None:
    assert Inside(compact_weights).activation(many_crops[:2], Emotion.SAD).shape == (2, 12, 12)
    assert Inside(vgg_weights).activation(many_crops[:2], Emotion.SAD).shape == (2, 24, 24)
    with pytest.raises(ModelError, match="no one place"):
        Inside(plain_weights).activation(many_crops[:2], Emotion.SAD)


def test_what_cannot_be_converted_is_told(compact_weights: Path, pattern_split: Split, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got 'int4'"):
        convert(compact_weights, tmp_path / "x.onnx", "int4")
    with pytest.raises(ModelError, match="need crops"):
        convert(compact_weights, tmp_path / "x.onnx", "int8")
    with pytest.raises(ModelError, match="ranges come from crops"):
        convert(compact_weights, tmp_path / "x.onnx", "int8", pattern_split.images[:0])
    assert list(tmp_path.iterdir()) == []
    convert(compact_weights, tmp_path / "eight.onnx", "int8", pattern_split.images)
    with pytest.raises(ModelError, match="cannot be undone"):
        convert(tmp_path / "eight.onnx", tmp_path / "x.onnx", "float32")

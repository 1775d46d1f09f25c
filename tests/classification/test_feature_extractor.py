"""Layers' maps and class activation maps, from the weights file alone."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.feature_extractor import Inside, with_outputs
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.classification.shipped_classifiers import shipped_weights
from mememoji.emotions import EMOTIONS
from mememoji.errors import InputError, ModelError
from mememoji.model_files import card_path, load_network


def crops_of(count: int) -> np.ndarray:
    with np.load(Path(__file__).with_name("golden-compact.npz")) as content:
        return np.asarray(content["crops"][-count:])


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside(shipped_weights())


def test_each_layer_has_half_the_size_of_the_one_before(inside: Inside) -> None:
    assert inside.layers == ("stem", "stage1", "stage2", "stage3")
    shapes = [inside.maps(crops_of(2), layer).shape for layer in inside.layers]
    assert [(count, high, wide) for count, _, high, wide in shapes] == [(2, s, s) for s in (48, 24, 12, 6)]


def test_maps_are_what_a_rectifier_lets_through(inside: Inside) -> None:
    for layer in inside.layers:
        maps = inside.maps(crops_of(3), layer)
        assert maps.min() == 0 < maps.max()


def test_asking_for_more_changes_no_answer() -> None:
    plain = load_network(shipped_weights(), "shipped", 1)
    asked = load_network(with_outputs(shipped_weights().read_bytes(), ["relu_3_DequantizeLinear_Output"]), "shipped", 1)
    pixels = {"crops": normalize(crops_of(9)[:, None].astype(np.float32))}
    np.testing.assert_allclose(asked.run(["votes"], pixels)[0], plain.run(["votes"], pixels)[0], atol=0.1)


def test_places_add_up_to_the_answer(inside: Inside) -> None:
    """Happy and neutral are one class each, so their activations' means differ as their logits do, but for the bias."""
    tensors = ["calibration.votes.logits", "network.votes.bias"]
    session = load_network(with_outputs(shipped_weights().read_bytes(), tensors), "shipped", 1)
    logits, bias = session.run(tensors, {"crops": normalize(crops_of(9)[:, None].astype(np.float32))})
    happy, neutral = (inside.activation(crops_of(9), EMOTIONS[index]).mean(axis=(1, 2)) for index in (2, 5))
    # The means that the heads take were rounded to 8 bits.
    np.testing.assert_allclose(happy - neutral, (logits - bias)[:, 1] - (logits - bias)[:, 0], atol=0.1)


def test_a_smile_is_read_from_the_lower_half(inside: Inside) -> None:
    activation = inside.activation(crops_of(1), EMOTIONS[2])[0]
    assert activation[3:].sum() > 2 * abs(activation[:3].sum())


def test_other_crops_and_layers_are_refused(inside: Inside) -> None:
    with pytest.raises(InputError, match="no layer 'stage9'; there are stem, stage1"):
        inside.maps(crops_of(1), "stage9")
    with pytest.raises(ValueError, match="got"):
        inside.maps(np.zeros((1, 40, 40), np.uint8), "stem")


def test_weights_that_name_no_layers_are_told(make_weights: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match="names no layers"):
        Inside(make_weights())


def test_dense_layers_come_from_no_place(make_weights: Callable[..., Path]) -> None:
    inside = Inside(make_weights(layers={"flat": "flat"}))
    with pytest.raises(ModelError, match="no one place"):
        inside.activation(crops_of(1), EMOTIONS[0])


@pytest.mark.parametrize("tensors", [[], ["flat"], ["flat", "x" * 300]])
def test_outputs_are_added_as_the_onnx_package_would(make_weights: Callable[..., Path], tensors: list[str]) -> None:
    import onnx

    content = make_weights().read_bytes()
    expected = onnx.ModelProto.FromString(content)
    expected.graph.output.extend(onnx.ValueInfoProto(name=tensor) for tensor in tensors)
    assert onnx.ModelProto.FromString(with_outputs(content, tensors)) == expected


def test_the_card_is_needed(make_weights: Callable[..., Path]) -> None:
    weights = make_weights(layers={"flat": "flat"})
    dataclasses.replace(ModelCard.read(card_path(weights)), sha256="0" * 64).write(card_path(weights))
    with pytest.raises(ModelError, match="not what its card speaks of"):
        Inside(weights)

"""Feature maps and class activation maps of a weights file."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mememoji.classification.feature_extractor import FeatureExtractor, add_outputs
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.classification.shipped_classifiers import find_shipped_weights
from mememoji.emotions import EMOTIONS
from mememoji.errors import InputError, ModelError
from mememoji.model_files import card_path, load_session


def crops_of(count: int) -> np.ndarray:
    with np.load(Path(__file__).with_name("golden-compact.npz")) as content:
        return np.asarray(content["crops"][-count:])


@pytest.fixture(scope="module")
def extractor() -> FeatureExtractor:
    return FeatureExtractor(find_shipped_weights())


def test_each_layer_halves_the_size(extractor: FeatureExtractor) -> None:
    assert extractor.layers == ("stem", "stage1", "stage2", "stage3")
    shapes = [extractor.feature_maps(crops_of(2), layer).shape for layer in extractor.layers]
    assert [(count, high, wide) for count, _, high, wide in shapes] == [(2, s, s) for s in (48, 24, 12, 6)]


def test_feature_maps_are_rectified(extractor: FeatureExtractor) -> None:
    for layer in extractor.layers:
        maps = extractor.feature_maps(crops_of(3), layer)
        assert maps.min() == 0 < maps.max()


def test_added_outputs_do_not_change_the_others() -> None:
    plain = load_session(find_shipped_weights(), "shipped", 1)
    extended = load_session(
        add_outputs(find_shipped_weights().read_bytes(), ["relu_3_DequantizeLinear_Output"]), "shipped", 1
    )
    pixels = {"crops": normalize(crops_of(9)[:, None].astype(np.float32))}
    np.testing.assert_allclose(extended.run(["votes"], pixels)[0], plain.run(["votes"], pixels)[0], atol=0.1)


def test_class_activation_maps_add_up_to_the_logits(extractor: FeatureExtractor) -> None:
    """Happy and neutral are one class each, so the means of their maps differ as their logits do without bias."""
    tensors = ["calibration.votes.logits", "network.votes.bias"]
    session = load_session(add_outputs(find_shipped_weights().read_bytes(), tensors), "shipped", 1)
    logits, bias = session.run(tensors, {"crops": normalize(crops_of(9)[:, None].astype(np.float32))})
    happy, neutral = (
        extractor.class_activation_map(crops_of(9), EMOTIONS[index]).mean(axis=(1, 2)) for index in (2, 5)
    )
    # The heads get means that are rounded to 8 bits.
    np.testing.assert_allclose(happy - neutral, (logits - bias)[:, 1] - (logits - bias)[:, 0], atol=0.1)


def test_evidence_of_a_smile_is_in_the_lower_half(extractor: FeatureExtractor) -> None:
    activation_map = extractor.class_activation_map(crops_of(1), EMOTIONS[2])[0]
    assert activation_map[3:].sum() > 2 * abs(activation_map[:3].sum())


def test_unknown_layer_or_wrong_crop_size_raises(extractor: FeatureExtractor) -> None:
    with pytest.raises(InputError, match="layer must be one of stem, stage1, stage2, stage3, got 'stage9'"):
        extractor.feature_maps(crops_of(1), "stage9")
    with pytest.raises(ValueError, match="got"):
        extractor.feature_maps(np.zeros((1, 40, 40), np.uint8), "stem")


def test_card_without_layers_raises(make_weights: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match="must name layers, got none"):
        FeatureExtractor(make_weights())


def test_dense_layers_have_no_class_activation_map(make_weights: Callable[..., Path]) -> None:
    extractor = FeatureExtractor(make_weights(layers={"flat": "flat"}))
    with pytest.raises(ModelError, match="has no class activation maps"):
        extractor.class_activation_map(crops_of(1), EMOTIONS[0])


@pytest.mark.parametrize("tensors", [[], ["flat"], ["flat", "x" * 300]])
def test_add_outputs_equals_the_onnx_package(make_weights: Callable[..., Path], tensors: list[str]) -> None:
    import onnx

    content = make_weights().read_bytes()
    expected = onnx.ModelProto.FromString(content)
    expected.graph.output.extend(onnx.ValueInfoProto(name=tensor) for tensor in tensors)
    assert onnx.ModelProto.FromString(add_outputs(content, tensors)) == expected


def test_card_of_other_weights_raises(make_weights: Callable[..., Path]) -> None:
    weights = make_weights(layers={"flat": "flat"})
    dataclasses.replace(ModelCard.read(card_path(weights)), sha256="0" * 64).write(card_path(weights))
    with pytest.raises(ModelError, match="does not match its card"):
        FeatureExtractor(weights)

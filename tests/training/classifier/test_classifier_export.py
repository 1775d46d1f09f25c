import functools
from pathlib import Path

import numpy as np
import pytest
import torch

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import normalize
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import ModelError
from mememoji.model_files import card_path
from mememoji.training.classifier.classifier_export import TOLERANCE, export_classifier
from mememoji.training.classifier.networks import CompactConfig, ModelConfig, PlainConfig, build_model
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.onnx_export import TupleOutputs, compute_max_abs_difference

FACTS = {"name": "tiny-0", "trained_on": "generated images", "license": "MIT"}


def make_network(model: ModelConfig) -> torch.nn.Module:
    """Return a network whose norms have statistics: initial ones would hide errors of the fusion."""
    torch.manual_seed(4)
    network = build_model(model).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for _ in range(3):
            network(torch.randn(16, 1, 48, 48))
    return network.eval()


@pytest.mark.parametrize("fp16", [True, False])
@pytest.mark.parametrize(
    ("model", "architecture", "heads"),
    [
        (PlainConfig(filters=((4,), (8,)), dense=(8,)), "plain", {"labels": FER2013_LABELS}),
        (
            CompactConfig(stem_channels=4, channels=(8, 16), num_blocks=(1, 1)),
            "compact",
            {"labels": FER2013_LABELS, "votes": FERPLUS_VOTES},
        ),
    ],
)
def test_export_classifier_has_the_outputs_of_torch(
    model: ModelConfig,
    architecture: str,
    heads: dict[str, tuple[str, ...]],
    fp16: bool,
    val_split: Split,
    tmp_path: Path,
) -> None:
    network = make_network(model)
    weights = tmp_path / "tiny.onnx"
    card = export_classifier(network, weights, val_split.images, architecture=architecture, fp16=fp16, **FACTS)
    assert card == ModelCard.read(card_path(weights))
    assert card.outputs == heads
    card.verify(weights)
    tolerance = 0.01 if fp16 else TOLERANCE
    inputs = to_input(torch.from_numpy(val_split.images))
    softmax = functools.partial(torch.softmax, dim=1)
    assert compute_max_abs_difference(TupleOutputs(network), weights, inputs, activation=softmax) <= tolerance

    found = OnnxClassifier(weights).classify(val_split.images)
    with torch.no_grad():
        expected = torch.softmax(network(inputs)["labels"], 1)
    assert found.labels is not None
    np.testing.assert_allclose(found.labels, expected.numpy(), atol=tolerance)


def test_export_classifier_in_fp16_is_about_half_as_large(val_split: Split, tmp_path: Path) -> None:
    network = make_network(CompactConfig(stem_channels=8, channels=(32, 64), num_blocks=(1, 1)))
    for name, fp16 in (("half", True), ("full", False)):
        weights = tmp_path / f"{name}.onnx"
        export_classifier(network, weights, val_split.images[:4], architecture="compact", fp16=fp16, **FACTS)
    assert (tmp_path / "half.onnx").stat().st_size < 0.65 * (tmp_path / "full.onnx").stat().st_size


def test_export_classifier_without_crops_writes_nothing(val_split: Split, tmp_path: Path) -> None:
    network = make_network(PlainConfig(filters=((4,),), dense=()))
    with pytest.raises(ModelError, match="real crops"):
        export_classifier(network, tmp_path / "x.onnx", val_split.images[:0], architecture="plain", **FACTS)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_to_input_normalizes_as_the_classifier(val_split: Split) -> None:
    served = normalize(val_split.images.astype(np.float32))[:, None]
    np.testing.assert_array_equal(to_input(torch.from_numpy(val_split.images)).numpy(), served)

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
from mememoji.training.classifier.classifier_export import TOLERANCE, export, largest_difference
from mememoji.training.classifier.networks import CompactShape, PlainShape, Shape, build
from mememoji.training.classifier.tensor_split import as_input

FACTS = {"name": "tiny-0", "trained_on": "made images", "license": "MIT"}


def lived_in(shape: Shape) -> torch.nn.Module:
    """A network whose norms have seen something: fresh ones would hide faults of folding."""
    torch.manual_seed(4)
    network = build(shape).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for _ in range(3):
            network(torch.randn(16, 1, 48, 48))
    return network.eval()


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize(
    ("shape", "kind", "heads"),
    [
        (PlainShape(filters=((4,), (8,)), dense=(8,)), "plain", {"labels": FER2013_LABELS}),
        (
            CompactShape(stem=4, widths=(8, 16), blocks=(1, 1)),
            "compact",
            {"labels": FER2013_LABELS, "votes": FERPLUS_VOTES},
        ),
    ],
)
def test_the_file_answers_as_torch_does(
    shape: Shape, kind: str, heads: dict[str, tuple[str, ...]], half: bool, val_split: Split, tmp_path: Path
) -> None:
    network = lived_in(shape)
    weights = tmp_path / "tiny.onnx"
    card = export(network, weights, val_split.images, kind=kind, half=half, **FACTS)
    assert card == ModelCard.read(card_path(weights))
    assert card.outputs == heads
    card.verify(weights)
    loose = 0.01 if half else TOLERANCE
    assert largest_difference(network, weights, val_split.images) <= loose

    found = OnnxClassifier(weights).classify(val_split.images)
    with torch.no_grad():
        expected = torch.softmax(network(as_input(torch.from_numpy(val_split.images)))["labels"], 1)
    assert found.labels is not None
    np.testing.assert_allclose(found.labels, expected.numpy(), atol=loose)


def test_half_is_about_half(val_split: Split, tmp_path: Path) -> None:
    network = lived_in(CompactShape(stem=8, widths=(32, 64), blocks=(1, 1)))
    for name, half in (("half", True), ("full", False)):
        weights = tmp_path / f"{name}.onnx"
        export(network, weights, val_split.images[:4], kind="compact", half=half, **FACTS)
    assert (tmp_path / "half.onnx").stat().st_size < 0.65 * (tmp_path / "full.onnx").stat().st_size


def test_no_crops_no_file(val_split: Split, tmp_path: Path) -> None:
    network = lived_in(PlainShape(filters=((4,),), dense=()))
    with pytest.raises(ModelError, match="real crops"):
        export(network, tmp_path / "x.onnx", val_split.images[:0], kind="plain", **FACTS)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_serving_and_training_scale_crops_alike(val_split: Split) -> None:
    served = normalize(val_split.images.astype(np.float32))[:, None]
    np.testing.assert_array_equal(as_input(torch.from_numpy(val_split.images)).numpy(), served)

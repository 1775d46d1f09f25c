"""Networks initialized from exported files of every precision."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mememoji.conversion.convert_weights import convert
from mememoji.datasets.splits import Split
from mememoji.errors import ModelError
from mememoji.training.classifier.classifier_export import export
from mememoji.training.classifier.initialization import initialize_from_file
from mememoji.training.classifier.networks import CompactShape, build
from mememoji.training.classifier.tensor_split import as_input

SHAPE = CompactShape(stem=4, widths=(8, 16), blocks=(1, 2))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A network whose norms all differ, with gates that are not open alike."""
    torch.manual_seed(4)
    out = build(SHAPE)
    for module in out.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
            assert module.running_mean is not None
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.5)
            nn.init.normal_(module.bias)
    return out.eval()


@pytest.fixture(scope="module")
def exported(network: nn.Module, train_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    weights = tmp_path_factory.mktemp("exported") / "float16.onnx"
    export(network, weights, train_split.images[:8], name="tiny", kind="compact", trained_on="stripes", license="MIT")
    return weights


@pytest.mark.parametrize("precision", ["float16", "float32", "int8"])
@torch.no_grad()
def test_initialize_from_file_answers_as_the_exported_network(
    network: nn.Module, exported: Path, train_split: Split, tmp_path: Path, precision: str
) -> None:
    weights = exported
    if precision != "float16":
        weights = tmp_path / f"{precision}.onnx"
        convert(exported, weights, precision, train_split.images[:128])
    inputs = as_input(torch.tensor(train_split.images[:128]))
    found = build(SHAPE)
    initialize_from_file(found, weights, inputs)
    expected, answers = network(inputs), found.eval()(inputs)
    # Filters of 8 bits are coarser than those of 16.
    tolerance = 0.15 if precision == "int8" else 2e-2
    for head, logits in expected.items():
        torch.testing.assert_close(answers[head], logits, atol=tolerance * float(logits.std()), rtol=0.05)
    # Batch statistics are the estimated ones, so that the first step of a training begins where the file stands.
    moving = found.train()(inputs)["labels"]
    assert float((moving.softmax(1) - expected["labels"].softmax(1)).abs().mean()) < 0.1


def test_initialize_from_file_refuses_another_architecture(exported: Path, train_split: Split) -> None:
    inputs = as_input(torch.tensor(train_split.images[:8]))
    with pytest.raises(ModelError, match=r"must be of this network: stages\.1\.0\.first\.weight"):
        initialize_from_file(build(CompactShape(stem=4, widths=(8, 24), blocks=(1, 2))), exported, inputs)
    with pytest.raises(ModelError, match=r"must hold this network, but it has no stages\.1\.1"):
        initialize_from_file(build(CompactShape(stem=4, widths=(8, 16), blocks=(1, 1))), exported, inputs)


def test_initialize_from_file_refuses_what_is_not_onnx(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a network")
    for name in ("net.onnx", "missing.onnx"):
        with pytest.raises(ModelError, match="must be an ONNX file"):
            initialize_from_file(build(SHAPE), tmp_path / name, torch.from_numpy(np.zeros((2, 1, 48, 48), np.float32)))

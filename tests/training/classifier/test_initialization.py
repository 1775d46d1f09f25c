"""Weights loaded from runs and from exported files of every precision, and interpolated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mememoji.conversion.convert_weights import convert
from mememoji.datasets.splits import Split
from mememoji.errors import ModelError
from mememoji.training.classifier.classifier_export import export_classifier
from mememoji.training.classifier.initialization import interpolate_weights
from mememoji.training.classifier.networks import CompactConfig, build_model
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.fused_weights import load_fused_weights

MODEL = CompactConfig(stem_channels=4, channels=(8, 16), num_blocks=(1, 2))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A network whose norms all differ, with gates that are open unequally."""
    torch.manual_seed(4)
    out = build_model(MODEL)
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
    export_classifier(
        network,
        weights,
        train_split.images[:8],
        name="tiny",
        architecture="compact",
        trained_on="stripes",
        license="MIT",
    )
    return weights


@pytest.mark.parametrize("precision", ["float16", "float32", "int8"])
@torch.no_grad()
def test_load_fused_weights_has_the_outputs_of_the_exported_network(
    network: nn.Module, exported: Path, train_split: Split, tmp_path: Path, precision: str
) -> None:
    weights = exported
    if precision != "float16":
        weights = tmp_path / f"{precision}.onnx"
        convert(exported, weights, precision, train_split.images[:128])
    inputs = to_input(torch.tensor(train_split.images[:128]))
    found = build_model(MODEL)
    load_fused_weights(found, weights, inputs)
    expected, outputs = network(inputs), found.eval()(inputs)
    # Filters of 8 bits are coarser than those of 16.
    tolerance = 0.15 if precision == "int8" else 2e-2
    for head, logits in expected.items():
        torch.testing.assert_close(outputs[head], logits, atol=tolerance * float(logits.std()), rtol=0.05)
    # Batch statistics are the estimated ones, so that the first training step starts from the file's outputs.
    moving = found.train()(inputs)["labels"]
    assert float((moving.softmax(1) - expected["labels"].softmax(1)).abs().mean()) < 0.1


def test_load_fused_weights_rejects_another_architecture(exported: Path, train_split: Split) -> None:
    inputs = to_input(torch.tensor(train_split.images[:8]))
    with pytest.raises(ModelError, match=r"must be of this architecture: stages\.1\.0\.first\.weight"):
        load_fused_weights(
            build_model(CompactConfig(stem_channels=4, channels=(8, 24), num_blocks=(1, 2))), exported, inputs
        )
    with pytest.raises(ModelError, match=r"must be of this architecture, but the model has no stages\.1\.1"):
        load_fused_weights(
            build_model(CompactConfig(stem_channels=4, channels=(8, 16), num_blocks=(1, 1))), exported, inputs
        )


def test_load_fused_weights_rejects_what_is_not_onnx(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a network")
    for name in ("net.onnx", "missing.onnx"):
        with pytest.raises(ModelError, match="must be an ONNX file"):
            load_fused_weights(
                build_model(MODEL), tmp_path / name, torch.from_numpy(np.zeros((2, 1, 48, 48), np.float32))
            )


def random_weights(config: CompactConfig, seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    state: dict[str, Tensor] = build_model(config).state_dict()
    return state


def test_interpolate_weights_at_both_ends_and_halfway(tiny_model: CompactConfig) -> None:
    first, second = random_weights(tiny_model, 0), random_weights(tiny_model, 1)
    for alpha, expected in ((0.0, first), (1.0, second)):
        torch.testing.assert_close(interpolate_weights(first, second, alpha), expected)
    half = interpolate_weights(first, second, 0.5)
    build_model(tiny_model).load_state_dict(half)
    torch.testing.assert_close(half["labels.weight"], (first["labels.weight"] + second["labels.weight"]) / 2)


def test_interpolate_weights_of_two_architectures_is_rejected(tiny_model: CompactConfig) -> None:
    other = random_weights(CompactConfig(stem_channels=4, channels=(8, 24), num_blocks=(1, 1)), 0)
    with pytest.raises(ValueError, match="architectures differ"):
        interpolate_weights(random_weights(tiny_model, 0), other, 0.5)
    with pytest.raises(ValueError, match=r"alpha must be in 0\.\.1, got 1\.5"):
        interpolate_weights(random_weights(tiny_model, 0), random_weights(tiny_model, 1), 1.5)

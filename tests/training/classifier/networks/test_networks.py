import pytest
import torch

from mememoji.training.classifier.classifier_presets import PRESETS
from mememoji.training.classifier.networks import (
    CompactConfig,
    CompactNetwork,
    ModelConfig,
    PlainConfig,
    VggConfig,
    build_model,
)
from mememoji.training.classifier.networks.plain_network import BASELINE, MEMEMOJI9
from mememoji.training.common.model_size import count_macs, count_parameters

MODELS = [
    pytest.param(PlainConfig(filters=((4,),), dense=()), {"labels": 7}, id="smallest plain"),
    pytest.param(BASELINE, {"labels": 7}, id="baseline"),
    pytest.param(MEMEMOJI9, {"labels": 7}, id="mememoji9"),
    pytest.param(
        CompactConfig(stem_kernel_size=5, squeeze_excitation=False), {"labels": 7, "votes": 10}, id="residual"
    ),
    pytest.param(VggConfig(((4, 4), (8,))), {"labels": 7, "votes": 10}, id="vgg"),
    pytest.param(
        CompactConfig(stem_channels=8, channels=(8, 16), stem_stride=2, num_blocks=(1, 2)),
        {"labels": 7, "votes": 10},
        id="stride",
    ),
    pytest.param(CompactConfig(), {"labels": 7, "votes": 10}, id="compact"),
    pytest.param(
        CompactConfig(stem_channels=8, channels=(8,), num_blocks=(1,)),
        {"labels": 7, "votes": 10},
        id="smallest compact",
    ),
]


@pytest.mark.parametrize(("model", "heads"), MODELS)
def test_build_model_returns_logits_of_each_head(model: ModelConfig, heads: dict[str, int]) -> None:
    out = build_model(model).eval()(torch.zeros(3, 1, 48, 48))
    assert {head: tuple(logits.shape) for head, logits in out.items()} == {h: (3, c) for h, c in heads.items()}


def test_compact_network_has_at_most_2_5_million_parameters() -> None:
    assert count_parameters(build_model(CompactConfig())) <= 2_500_000


def test_nano_stem_halves_the_resolution() -> None:
    network = build_model(PRESETS["nano"].model)
    assert isinstance(network, CompactNetwork)
    assert network.stem(torch.zeros(1, 1, 48, 48)).shape == (1, 24, 24, 24)
    assert count_parameters(network) <= 260_000


def test_count_macs_counts_those_of_one_crop() -> None:
    network = build_model(PlainConfig(filters=((4,),), dense=())).train()
    convolution, heads = 48 * 48 * 4 * 9, 4 * 24 * 24 * 7
    assert count_macs(network, torch.zeros(1, 1, 48, 48)) == convolution + heads
    assert network.training


def convolution_widths(model: ModelConfig) -> list[int]:
    return [m.out_channels for m in build_model(model).modules() if isinstance(m, torch.nn.Conv2d)]


def test_plain_configs_are_those_of_the_original() -> None:
    assert len(convolution_widths(BASELINE)) == 3
    assert len(BASELINE.dense) == 1
    assert convolution_widths(MEMEMOJI9) == [32, 32, 32, 64, 64, 64, 128, 128, 128]
    assert len(MEMEMOJI9.dense) == 2


def test_compact_network_output_does_not_depend_on_the_batch() -> None:
    network = build_model(CompactConfig(stem_channels=4, channels=(8,), num_blocks=(1,))).eval()
    crops = torch.randn(5, 1, 48, 48)
    together, alone = network(crops)["labels"][2], network(crops[2:3])["labels"][0]
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": (), "dense": ()},
        {"filters": ((),), "dense": ()},
        {"filters": ((4,),) * 6, "dense": ()},
        {"filters": ((4,),), "dense": (0,)},
        {"filters": ((4,),), "dense": (), "dropout": 1.0},
    ],
)
def test_plain_config_rejects_invalid_values(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        PlainConfig(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ()},
        {"channels": (8,), "num_blocks": (1, 1)},
        {"stem_channels": 0},
        {"stem_kernel_size": 4},
        {"stem_stride": 3},
        {"dropout": 1.0},
        {"se_reduction": 0},
    ],
)
def test_compact_config_rejects_invalid_values(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        CompactConfig(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"filters": ()}, {"filters": ((4,),) * 6}, {"filters": ((4,),), "dropout": 1.0}])
def test_vgg_config_rejects_invalid_values(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        VggConfig(**wrong)  # type: ignore[arg-type]

import pytest
import torch

from mememoji.training.classifier.classifier_config import PRESETS
from mememoji.training.classifier.networks import (
    Compact,
    CompactShape,
    PlainShape,
    Shape,
    VggShape,
    build,
    multiplication_count,
    parameter_count,
)
from mememoji.training.classifier.networks.plain_network import BASELINE, MEMEMOJI9

SHAPES = [
    pytest.param(PlainShape(filters=((4,),), dense=()), {"labels": 7}, id="smallest plain"),
    pytest.param(BASELINE, {"labels": 7}, id="baseline"),
    pytest.param(MEMEMOJI9, {"labels": 7}, id="mememoji9"),
    pytest.param(CompactShape(stem_kernel=5, gated=False), {"labels": 7, "votes": 10}, id="residual"),
    pytest.param(VggShape(((4, 4), (8,))), {"labels": 7, "votes": 10}, id="vgg"),
    pytest.param(
        CompactShape(stem=8, widths=(8, 16), stem_stride=2, blocks=(1, 2)), {"labels": 7, "votes": 10}, id="stride"
    ),
    pytest.param(CompactShape(), {"labels": 7, "votes": 10}, id="compact"),
    pytest.param(CompactShape(stem=8, widths=(8,), blocks=(1,)), {"labels": 7, "votes": 10}, id="smallest compact"),
]


@pytest.mark.parametrize(("shape", "heads"), SHAPES)
def test_heads_and_classes(shape: Shape, heads: dict[str, int]) -> None:
    out = build(shape).eval()(torch.zeros(3, 1, 48, 48))
    assert {head: tuple(logits.shape) for head, logits in out.items()} == {h: (3, c) for h, c in heads.items()}


def test_compact_stays_compact() -> None:
    assert parameter_count(build(CompactShape())) <= 2_500_000


def test_nano_halves_the_resolution_in_its_stem() -> None:
    network = build(PRESETS["nano"].shape)
    assert isinstance(network, Compact)
    assert network.stem(torch.zeros(1, 1, 48, 48)).shape == (1, 24, 24, 24)
    assert parameter_count(network) <= 260_000


def test_multiplications_are_those_of_one_crop() -> None:
    network = build(PlainShape(filters=((4,),), dense=())).train()
    convolution, heads = 48 * 48 * 4 * 9, 4 * 24 * 24 * 7
    assert multiplication_count(network) == convolution + heads
    assert network.training


def convolution_widths(shape: Shape) -> list[int]:
    return [m.out_channels for m in build(shape).modules() if isinstance(m, torch.nn.Conv2d)]


def test_the_originals_designs() -> None:
    assert len(convolution_widths(BASELINE)) == 3
    assert len(BASELINE.dense) == 1
    assert convolution_widths(MEMEMOJI9) == [32, 32, 32, 64, 64, 64, 128, 128, 128]
    assert len(MEMEMOJI9.dense) == 2


def test_a_picture_does_not_depend_on_its_batch() -> None:
    network = build(CompactShape(stem=4, widths=(8,), blocks=(1,))).eval()
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
def test_plain_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        PlainShape(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"widths": ()},
        {"widths": (8,), "blocks": (1, 1)},
        {"stem": 0},
        {"stem_kernel": 4},
        {"stem_stride": 3},
        {"dropout": 1.0},
        {"squeeze": 0},
    ],
)
def test_compact_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        CompactShape(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"filters": ()}, {"filters": ((4,),) * 6}, {"filters": ((4,),), "dropout": 1.0}])
def test_vgg_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        VggShape(**wrong)  # type: ignore[arg-type]

import pytest
import torch

from mememoji.errors import RunError
from mememoji.training.common.device import choose_device


def test_auto_takes_what_is_there() -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_device("auto").where.type == expected


@pytest.mark.parametrize("bfloat16", [True, False])
def test_precision_is_what_was_asked_for(bfloat16: bool) -> None:
    with choose_device("cpu", bfloat16=bfloat16).precision():
        kind = (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    assert kind == (torch.bfloat16 if bfloat16 else torch.float32)


@pytest.mark.parametrize("name", ["", "quantum", "meta"])
def test_unknown_devices_are_refused(name: str) -> None:
    with pytest.raises(RunError, match="auto, cpu or cuda"):
        choose_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is there")
def test_cuda_must_be_there() -> None:
    with pytest.raises(RunError, match="no CUDA"):
        choose_device("cuda")

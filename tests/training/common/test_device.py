import pytest
import torch

from mememoji.errors import RunError
from mememoji.training.common.device import choose_device


def test_choose_device_auto_prefers_cuda() -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_device("auto").torch_device.type == expected


@pytest.mark.parametrize("bfloat16", [True, False])
def test_autocast_computes_in_the_requested_dtype(bfloat16: bool) -> None:
    with choose_device("cpu", bfloat16=bfloat16).autocast():
        dtype = (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    assert dtype == (torch.bfloat16 if bfloat16 else torch.float32)


@pytest.mark.parametrize("name", ["", "quantum", "meta"])
def test_choose_device_rejects_unknown_names(name: str) -> None:
    with pytest.raises(RunError, match="auto, cpu or cuda"):
        choose_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is available")
def test_choose_device_rejects_cuda_where_it_is_missing() -> None:
    with pytest.raises(RunError, match="no CUDA"):
        choose_device("cuda")

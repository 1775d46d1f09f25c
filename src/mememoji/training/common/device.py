"""Where a training runs, and in which numbers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from threading import Thread

import torch

from mememoji.errors import RunError


@dataclass(frozen=True, slots=True)
class Device:
    """A place to compute on and whether bfloat16 is worth it there."""

    where: torch.device
    bfloat16: bool

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Autocast to bfloat16 where it pays, nothing elsewhere."""
        with torch.autocast(self.where.type, torch.bfloat16, enabled=self.bfloat16):
            yield

    @property
    def memory(self) -> torch.memory_format:
        """The order of numbers in memory that suits convolutions there."""
        # oneDNN's own blocked layouts are as fast from contiguous tensors; cuDNN wants channels last.
        return torch.channels_last if self.where.type == "cuda" else torch.contiguous_format

    def __str__(self) -> str:
        return f"{self.where}, {'bfloat16' if self.bfloat16 else 'float32'}"


def choose_device(name: str = "auto", *, bfloat16: bool | None = None) -> Device:
    """The device of that name; `auto` takes CUDA where there is one.

    Args:
        name: "auto", "cpu", "cuda" or "cuda:N".
        bfloat16: None asks the CPU: AMX and AVX512-BF16 have units for it, others would only emulate it.

    Raises:
        RunError: an unknown device, or one that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        where = torch.device(name)
    except RuntimeError as error:
        raise RunError(f"device is auto, cpu or cuda, got {name!r}") from error
    if where.type not in ("cpu", "cuda"):
        raise RunError(f"device is auto, cpu or cuda, got {name!r}")
    if where.type == "cuda" and not torch.cuda.is_available():
        raise RunError("no CUDA device is there; use --device cpu")
    return Device(where, _has_bfloat16(where) if bfloat16 is None else bfloat16)


def _has_bfloat16(where: torch.device) -> bool:
    if where.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def use_threads(count: int | None) -> None:
    """Compute with so many CPU threads; None leaves torch's choice."""
    if count is not None:
        torch.set_num_threads(count)


def end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, however that did: a killed parent tells nobody."""
    parent = parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()

"""Device and precision of a training, CPU threads and worker processes."""

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
    """A torch device, and whether it computes in bfloat16.

    Attributes:
        torch_device: The device.
        bfloat16: Whether `autocast` uses bfloat16.
    """

    torch_device: torch.device
    bfloat16: bool

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Run a block under autocast to bfloat16, or in float32 if the device does not use bfloat16."""
        with torch.autocast(self.torch_device.type, torch.bfloat16, enabled=self.bfloat16):
            yield

    @property
    def is_cuda(self) -> bool:
        return self.torch_device.type == "cuda"

    @property
    def memory_format(self) -> torch.memory_format:
        """The memory format in which convolutions are fastest on the device."""
        # oneDNN's own blocked layouts are as fast from contiguous tensors; cuDNN prefers channels last.
        return torch.channels_last if self.is_cuda else torch.contiguous_format

    def __str__(self) -> str:
        return f"{self.torch_device}, {'bfloat16' if self.bfloat16 else 'float32'}"


def choose_device(name: str = "auto", *, bfloat16: bool | None = None) -> Device:
    """Return a device by name; `auto` is CUDA if available, otherwise the CPU.

    Args:
        name: "auto", "cpu", "cuda" or "cuda:N".
        bfloat16: Whether to compute in bfloat16; None does so where the hardware supports it (on a CPU AMX or
            AVX512-BF16; other CPUs would only emulate it).

    Raises:
        RunError: The name is unknown, or CUDA is not available.

    Example:
        >>> choose_device("cpu", bfloat16=False).torch_device
        device(type='cpu')
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise RunError(f"device must be auto, cpu or cuda, got {name!r}") from error
    if device.type not in ("cpu", "cuda"):
        raise RunError(f"device must be auto, cpu or cuda, got {name!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RunError("no CUDA device is available; use --device cpu")
    return Device(device, _supports_bfloat16(device) if bfloat16 is None else bfloat16)


def _supports_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def set_num_threads(num_threads: int | None) -> None:
    """Set the number of CPU threads that torch uses; None keeps torch's default."""
    if num_threads is not None:
        torch.set_num_threads(num_threads)


def exit_with_parent() -> None:
    """Exit this worker process as soon as its parent has exited, also if the parent was killed."""
    parent = parent_process()
    if parent is None:
        return

    def wait_for_parent() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait_for_parent, daemon=True).start()

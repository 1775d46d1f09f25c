"""CUDA graph of a training step: one launch replaces about a hundred, which take longer than their work."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from mememoji.training.classifier.train_step import Batch, TrainStep

_NUM_WARM_UP_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class _Capture:
    """A captured step, with the memory of its batch and of its results."""

    graph: torch.cuda.CUDAGraph
    batch: Batch
    results: tuple[Tensor, Tensor]


class CudaGraphStep:
    """A training step on CUDA that is captured as a CUDA graph from its fourth batch on.

    All batches must have the same shapes. Each batch overwrites the gradients: they need not be set to zero, and must
    not be replaced by other tensors.

    Args:
        step: The step to capture; it draws from its generator and from torch's default one.
        model: The network whose gradients the step computes.
    """

    def __init__(self, step: TrainStep, model: nn.Module) -> None:
        self._step, self._model = step, model
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._num_batches = 0
        self._captured: _Capture | None = None

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Run the step; the next call overwrites the returned tensors."""
        self._num_batches += 1
        if self._num_batches <= _NUM_WARM_UP_STEPS:
            return self._warm_up(batch)
        if self._captured is None:
            self._captured = self._capture(batch.clone())
        else:
            torch._foreach_copy_(self._captured.batch.tensors(), batch.tensors())
        self._captured.graph.replay()
        return self._captured.results

    def _warm_up(self, batch: Batch) -> tuple[Tensor, Tensor]:
        # Libraries select their kernels and allocate memory in the first calls, which cannot be captured; and a step
        # must have run on a stream of its own before it is captured there.
        self._model.zero_grad(set_to_none=True)
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            results = self._step(batch)
        torch.cuda.current_stream().wait_stream(self._stream)
        return results

    def _capture(self, batch: Batch) -> _Capture:
        self._model.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._step.generator)
        with torch.cuda.graph(graph, stream=self._stream):
            results = self._step(batch)
        return _Capture(graph, batch, results)

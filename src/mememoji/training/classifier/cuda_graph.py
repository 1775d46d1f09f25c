"""A step recorded on a GPU and replayed: one launch in place of some hundred, which take longer than their work."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from mememoji.training.classifier.train_step import Batch, Step

_WARM_UP: Final = 3


@dataclass(frozen=True, slots=True)
class _Record:
    """A recorded step, and the memory that it reads its batch from and leaves its results in."""

    graph: torch.cuda.CUDAGraph
    batch: Batch
    results: tuple[Tensor, Tensor]


class Recording:
    """A step of a network on CUDA, recorded as a CUDA graph from its fourth batch on.

    All batches have to be of one form. The gradients are new with each batch: nothing has to be set to zero, and
    nothing may replace them.

    Args:
        step: what to record; draws from its `chance` and from torch's own generator.
        network: whose gradients the step computes.
    """

    def __init__(self, step: Step, network: nn.Module) -> None:
        self._step, self._network = step, network
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._seen = 0
        self._record: _Record | None = None

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """As the step; what is returned is overwritten by the next call."""
        self._seen += 1
        if self._seen <= _WARM_UP:
            return self._rehearsed(batch)
        if self._record is None:
            self._record = self._recorded(batch.clone())
        else:
            torch._foreach_copy_(self._record.batch.tensors(), batch.tensors())
        self._record.graph.replay()
        return self._record.results

    def _rehearsed(self, batch: Batch) -> tuple[Tensor, Tensor]:
        # Libraries choose their kernels and take their memory in the first calls, which cannot be recorded; and what is
        # recorded must have run on a stream of its own.
        self._network.zero_grad(set_to_none=True)
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            results = self._step(batch)
        torch.cuda.current_stream().wait_stream(self._stream)
        return results

    def _recorded(self, batch: Batch) -> _Record:
        self._network.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._step.chance)
        with torch.cuda.graph(graph, stream=self._stream):
            results = self._step(batch)
        return _Record(graph, batch, results)

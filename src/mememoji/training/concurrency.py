"""Trainings side by side on one device."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from mememoji.training.fitting import Fitting


def fit_concurrently(fittings: Sequence[Fitting], *, workers: int) -> None:
    """Run trainings to their ends, several at a time.

    A small network's kernels fill a small part of a data-centre GPU; on streams of their own, those of several networks
    run at once. Trainings side by side draw from one generator for their dropout, so a seed does not repeat them.

    Args:
        fittings: each with a run of its own.
        workers: threads, each of which takes one training after the other.

    Raises:
        RunError: a loss is no longer a number; the other trainings are finished first.
    """
    with ThreadPoolExecutor(workers) as pool:
        for ended in [pool.submit(_fit, fitting) for fitting in fittings]:
            ended.result()


def _fit(fitting: Fitting) -> None:
    where = fitting.device.where
    if where.type != "cuda":
        fitting.fit()
        return
    stream = torch.cuda.Stream(where)  # type: ignore[no-untyped-call]
    # What the training was made of was put there on the main thread's stream.
    stream.wait_stream(torch.cuda.default_stream(where))
    with torch.cuda.stream(stream):
        fitting.fit()
    stream.synchronize()

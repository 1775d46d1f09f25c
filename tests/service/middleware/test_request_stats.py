"""Request statistics over several workers."""

from pathlib import Path

import pytest

from mememoji.service.middleware.request_stats import RequestStats


@pytest.mark.parametrize("shared", [False, True])
def test_stats_without_requests_are_zero(tmp_path: Path, shared: bool) -> None:
    summary = RequestStats(tmp_path if shared else None).summarize()
    assert (summary.num_requests, summary.avg_response_time) == (0, 0.0)
    assert summary.uptime >= 0


def test_mean_response_time_covers_the_last_hundred() -> None:
    stats = RequestStats()
    for milliseconds in [1000.0] * 50 + [10.0] * 100:
        stats.record(milliseconds)
    summary = stats.summarize()
    assert summary.num_requests == 150
    assert summary.avg_response_time == pytest.approx(10.0)


def test_stats_sum_over_workers(tmp_path: Path) -> None:
    first, second = RequestStats(tmp_path), RequestStats(tmp_path)
    for _ in range(3):
        first.record(10.0)
    second.record(30.0)
    for worker in (first, second):
        summary = worker.summarize()
        assert summary.num_requests == 4
        assert summary.avg_response_time == pytest.approx(15.0)

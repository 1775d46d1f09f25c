"""Requests counted over workers."""

from pathlib import Path

import pytest

from mememoji.service.middleware.request_stats import Activity


@pytest.mark.parametrize("shared", [False, True])
def test_nothing_yet(tmp_path: Path, shared: bool) -> None:
    status = Activity(tmp_path if shared else None).status()
    assert (status.num_requests, status.avg_response_time) == (0, 0.0)
    assert status.uptime >= 0


def test_the_mean_is_of_the_last_hundred() -> None:
    activity = Activity()
    for milliseconds in [1000.0] * 50 + [10.0] * 100:
        activity.count(milliseconds)
    status = activity.status()
    assert status.num_requests == 150
    assert status.avg_response_time == pytest.approx(10.0)


def test_workers_add_up(tmp_path: Path) -> None:
    first, second = Activity(tmp_path), Activity(tmp_path)
    for _ in range(3):
        first.count(10.0)
    second.count(30.0)
    for worker in (first, second):
        status = worker.status()
        assert status.num_requests == 4
        assert status.avg_response_time == pytest.approx(15.0)

"""The rate limit per client."""

from tests.service.conftest import Serving


def test_request_over_the_rate_limit_is_429(serve: Serving) -> None:
    with serve(rate_limit="3/minute", store="none") as client:
        answers = [client.get("/admin/status") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
        assert answers[-1].json()["code"] == 429
        assert client.get("/health/live").status_code == 200


def test_rate_limit_distinguishes_clients_behind_a_local_proxy(serve: Serving) -> None:
    with serve(rate_limit="1/minute", store="none") as client:
        for address, status in (("198.51.100.1", 200), ("198.51.100.2", 200), ("198.51.100.1", 429)):
            assert client.get("/admin/status", headers={"X-Forwarded-For": address}).status_code == status


def test_rate_limit_counts_each_key_separately(serve: Serving) -> None:
    with serve(api_keys="first, second", rate_limit="1/minute", store="none") as client:
        for key, status in (("wrong", 401), ("first", 200), ("second", 200), ("first", 429), ("wrong", 401)):
            assert client.get("/admin/status", headers={"X-API-Key": key}).status_code == status

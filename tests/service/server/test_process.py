"""The command `mememoji serve`: settings, workers, log and shutdown."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from mememoji.service.middleware.request_stats import RequestStats

COMMAND = (sys.executable, "-m", "mememoji", "serve")
PREDICT = "/v1.0.0/predict"
SECONDS = 60.0
"""Seconds until the start or shutdown of a server counts as failed."""


class Running:
    """A server process in a session of its own."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.folder = folder
        self.log_path = folder / "stderr"
        values = {"MEMEMOJI_STORE": f"sqlite:///{folder}/images.db", "MEMEMOJI_THREADS": "1", "TMPDIR": str(folder)}
        with (folder / "stdout").open("wb") as out, self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "--port", str(self.port), *options],
                env=os.environ | values | variables,
                cwd=folder,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )
        self.num_requests = 0  # requests that received a response

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request on a new connection, so that any worker may accept it."""
        response = httpx.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=SECONDS, **request)
        self.num_requests += 1
        return response

    def wait_until_up(self) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, self.log_path.read_text("utf-8")
            try:
                return self.ask("GET", "/health/live").status_code == 200
            except httpx.ConnectError:
                return False

        wait_for(is_up)

    def lines(self) -> list[str]:
        return self.log_path.read_text("utf-8").splitlines()

    def has_processes(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def end(self) -> int:
        """Terminate the server, and wait until it and all its children have exited."""
        self.process.terminate()
        status = self.process.wait(SECONDS)
        wait_for(lambda: not self.has_processes())
        return status


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.02)


@contextmanager
def running(folder: Path, *options: str, **variables: str) -> Iterator[Running]:
    server = Running(folder, *options, **variables)
    try:
        server.wait_until_up()
        yield server
    finally:
        if server.has_processes():
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(SECONDS)


def count_responses_by_worker(folder: Path) -> list[int]:
    """Return the number of responses of each worker in the last minute."""
    counts = []
    for path in folder.glob("mememoji-*/*.stats"):
        alone = folder / "alone" / path.stem
        alone.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, alone)
        counts.append(RequestStats(alone).summarize().num_requests)
    return counts


def sum_samples(metrics: str, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples that have these labels."""
    total = 0.0
    for line in metrics.splitlines():
        sample = re.fullmatch(rf"{name}(?:{{(.*)}})? ([0-9.e+]+)", line)
        if sample and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', sample[1] or "")).items():
            total += float(sample[2])
    return total


def run(folder: Path, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *options], env=os.environ | variables, cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )


def test_show_settings_redacts_secrets(tmp_path: Path) -> None:
    secrets = {"MEMEMOJI_API_KEYS": "hush,psst", "MEMEMOJI_STORE": "postgresql://me:hush@db/faces"}
    done = run(tmp_path, "--show-settings", "--workers", "3", MEMEMOJI_WORKERS="2", MEMEMOJI_MAX_FACES="7", **secrets)
    shown = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (shown["MEMEMOJI_WORKERS"], shown["MEMEMOJI_MAX_FACES"]) == (3, 7)  # options take precedence over variables
    assert "db/faces" in shown["MEMEMOJI_STORE"]
    assert "hush" not in done.stdout
    assert "psst" not in done.stdout


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        (("--workers", "0"), {}, "MEMEMOJI_WORKERS"),
        ((), {"MEMEMOJI_RATE_LIMIT": "often"}, "MEMEMOJI_RATE_LIMIT"),
        ((), {"MEMEMOJI_STORE_PIXELS": "all"}, "MEMEMOJI_STORE_PIXELS"),
        (("--store", "none"), {"MEMEMOJI_STORE_PIXELS": "crops"}, "store"),
        (("--store", "ftp://me:hush@host/"), {}, "store"),
        ((), {"MEMEMOJI_DETECTOR": "nonsense"}, "nonsense"),
        (("--workers", "2"), {"MEMEMOJI_DETECTOR": "nonsense"}, "nonsense"),
        ((), {"MEMEMOJI_WEIGHTS": "missing.onnx"}, "missing"),
        (("--classifier", "micro"), {}, "must be one of 'compact'"),
        ((), {"MEMEMOJI_CLASSIFIER": "micro"}, "got 'micro'"),
        (("--classifier", "compact"), {"MEMEMOJI_WEIGHTS": "other.onnx"}, "exclude each other"),
    ],
)
def test_invalid_setting_fails_with_one_line(
    tmp_path: Path, options: tuple[str, ...], variables: dict[str, str], expected: str
) -> None:
    done = run(tmp_path, "--port", "0", *options, **variables)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert expected in line
    assert "hush" not in line


@pytest.mark.parametrize("workers", ["1", "2"])
def test_occupied_port_fails_with_one_line(tmp_path: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(tmp_path, "--port", port, "--store", "none", "--workers", workers)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"port {port} of 127.0.0.1 is taken" in line
    assert "--port" in line


def test_terminal_gets_one_line_and_the_browser(tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n', "utf-8")
    browser.chmod(0o755)
    terminal, end = os.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--store", "none", "--open"],
        env=os.environ | {"BROWSER": f"{browser} %s", "MEMEMOJI_THREADS": "1", "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    try:
        wait_for(opened.exists)
        url = opened.read_text("utf-8").strip()
        assert httpx.get(f"{url}/health/live").status_code == 200  # it is opened when it is ready, not before
        output = os.read(terminal, 65536).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        with suppress(OSError):  # Linux ends a terminal that nobody has open with an error
            while part := os.read(terminal, 65536).decode():
                output += part
    finally:
        process.kill()
        os.close(terminal)
    lines = [line for line in output.splitlines() if "response" not in line and line.strip("^C")]
    assert lines == [
        f"Mememoji: {url} (API: /docs; clients of the original API on other origins: allowed). Ctrl+C stops it."
    ]


def test_log_of_one_worker_has_no_secrets(tmp_path: Path, astronaut: bytes) -> None:
    with running(tmp_path, MEMEMOJI_API_KEYS="hush-key") as server:
        headers = {"X-API-Key": "hush-key", "X-Request-ID": "request-1"}
        answer = server.ask("POST", PREDICT, files={"image_buf": astronaut}, headers=headers)
        assert len(answer.json()["faces"]) == 1
        secret_url = "http://127.0.0.1/hush-path?token=hush-token"
        for url in (secret_url, "http://me:hush-password@images.example/", "http://images.example:22/hush-path"):
            assert server.ask("POST", PREDICT, params={"image_url": url}, headers=headers).status_code == 400
            assert server.ask("POST", PREDICT, json={"image_url": url}, headers=headers).status_code == 400
            assert server.ask("POST", PREDICT, params={"image_url": url}).status_code == 401
        assert server.ask("POST", PREDICT, data={"image_base64": "hush-base64"}, headers=headers).status_code == 400
        with socket.create_connection(("127.0.0.1", server.port)) as wild:
            wild.sendall(b"GET /hush-path?token=hush-token HTTP/1.1\r\nhush-header\r\n\r\n")
            assert wild.recv(65536).startswith(b"HTTP/1.1 400")
        with connect(f"ws://127.0.0.1:{server.port}/v1.0.0/live?api_key=hush-key") as live:
            live.send(astronaut)
            assert "faces" in json.loads(live.recv(20))
        with pytest.raises(InvalidStatus):
            connect(f"ws://127.0.0.1:{server.port}/v1.0.0/live?api_key=hush-wrong")
        assert server.end() in (0, -signal.SIGTERM)

    entries = [json.loads(line) for line in server.lines()]
    (ready,) = [entry for entry in entries if entry["event"] == "ready"]
    assert ready["url"] == f"http://127.0.0.1:{server.port}"
    answered = [entry for entry in entries if entry["event"] == "response"]
    assert len(answered) == server.num_requests
    assert all(entry["request_id"] for entry in answered)
    (first,) = [entry for entry in answered if (entry["request_id"], entry["status"]) == ("request-1", 200)]
    assert (first["method"], first["path"], first["level"]) == ("POST", PREDICT, "info")
    assert first["milliseconds"] > 0
    ended = [entry for entry in entries if entry["event"] == "websocket closed"]
    assert [entry["path"] for entry in ended] == ["/v1.0.0/live"] * 2
    assert all(entry["request_id"] for entry in ended)
    log = server.log_path.read_text("utf-8") + (tmp_path / "stdout").read_text("utf-8")
    assert "hush" not in log
    assert "?" not in "".join(entry["path"] for entry in answered)


def test_status_and_metrics_sum_over_two_workers(tmp_path: Path, astronaut: bytes) -> None:
    with running(tmp_path, "--workers", "2") as server:

        def ask(number: int) -> None:
            body = astronaut if number % 8 == 0 else b"garbage"
            status = server.ask("POST", PREDICT, files={"image_buf": body}).status_code
            assert status == (200 if number % 8 == 0 else 400)

        sent = 0
        # Which worker accepts a connection is random; all counts are checked once both have sent responses.
        while sent == 0 or len([count for count in count_responses_by_worker(tmp_path) if count]) < 2:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(ask, range(sent, sent + 16)))
            sent += 16
            assert sent < 2000, "one worker never answered"

        # A response is counted just after it is sent, perhaps after the other worker has received the next request.
        wait_for(lambda: sum(count_responses_by_worker(tmp_path)) >= server.num_requests)
        before = server.num_requests
        status = server.ask("GET", "/admin/status").json()
        assert status["num_requests"] == before
        assert status["avg_response_time"] > 0

        wait_for(lambda: sum(count_responses_by_worker(tmp_path)) >= server.num_requests)
        text = server.ask("GET", "/metrics").text
        assert sum_samples(text, "mememoji_requests_total", route=PREDICT, status="200") == sent / 8
        assert sum_samples(text, "mememoji_requests_total", route=PREDICT, status="400") == sent - sent / 8
        assert sum_samples(text, "mememoji_requests_total") == server.num_requests - 1
        assert sum_samples(text, "mememoji_request_seconds_count", route=PREDICT) == sent
        assert sum_samples(text, "mememoji_faces_total", emotion="happy") == sent / 8
        assert sum_samples(text, "mememoji_images_total") == sent / 8

        assert server.end() in (0, -signal.SIGTERM)
    assert not list(tmp_path.glob("mememoji-*"))
    assert [json.loads(line)["event"] for line in server.lines()].count("ready") == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_request_in_flight_is_finished_at_shutdown(tmp_path: Path, astronaut: bytes, workers: str) -> None:
    with running(tmp_path, "--workers", workers) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as caller:
            form = httpx.Request("POST", f"http://x{PREDICT}", files={"image_buf": astronaut})
            body, kind = form.read(), form.headers["Content-Type"]
            caller.sendall(
                f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                "Expect: 100-continue\r\n\r\n".encode()
            )
            # Sent when the service starts to receive the body: from now on the request is accepted.
            assert caller.recv(1000).startswith(b"HTTP/1.1 100 ")
            server.process.send_signal(signal.SIGTERM)

            def is_closed() -> bool:
                try:
                    socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS).close()
                except ConnectionRefusedError:
                    return True
                return False

            if workers == "1":  # the parent of several workers holds the port open until they have exited
                wait_for(is_closed)
            caller.sendall(body)
            answer = b"".join(iter(lambda: caller.recv(65536), b""))
        head, _, content = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        found = json.loads(content)
        assert len(found["faces"]) == 1
        assert found["stored"]
        assert server.process.wait(SECONDS) in (0, -signal.SIGTERM)
        wait_for(lambda: not server.has_processes())
    assert (tmp_path / "images.db").is_file()
    assert not list(tmp_path.glob("mememoji-*"))

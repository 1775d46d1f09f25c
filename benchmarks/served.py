"""The service in its own processes, and an HTTP client with little overhead."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PREDICT = "/v1.0.0/predict"
FEEDBACK = "/v1.0.0/feedback"
_BOUNDARY = "mememoji-benchmark"
_SECONDS_TO_START = 60.0


class Served:
    """`mememoji serve` in its own process group, on a free loopback port.

    Args:
        folder: Working directory; the log is written to it.
        store: URL of the store.
        workers: Number of processes.
        settings: Further `MEMEMOJI_` variables, in lower case and without the prefix.
    """

    def __init__(self, folder: Path, store: str, *, workers: int = 1, **settings: object) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        variables = {f"MEMEMOJI_{name.upper()}": str(value) for name, value in settings.items()}
        command = [sys.executable, "-m", "mememoji", "serve", "--port", str(self.port), "--workers", str(workers)]
        self.log = folder / "service.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--store", store],
                cwd=folder,
                env=os.environ | variables,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(40)
        self.kill()

    def kill(self) -> None:
        """Send SIGKILL to all its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path: str) -> Any:
        """Return the JSON document at a path."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
            return json.load(response)

    def processes(self) -> list[int]:
        """Return the identifiers of its process and all descendants."""
        found = [self.process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        return found

    def cpu_seconds(self) -> float:
        """Return the CPU time of its processes in seconds."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """Return the resident memory of its processes, summed; shared pages count for each."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.processes())
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _wait_until_up(self) -> None:
        end = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.get("/health/live")
                return
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the service did not start:\n{self.log.read_text()[-2000:]}")


@dataclass(frozen=True, slots=True)
class Response:
    """A response; status 0 if the connection ended without one."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


NO_RESPONSE = Response(0, b"")


async def ask(port: int, request: bytes, seconds: float = 60.0) -> Response:
    """Send a request on a new connection, as another client would, and read the response."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
            try:
                writer.write(request)
                return await read_response(reader)
            finally:
                writer.close()
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return NO_RESPONSE


async def read_response(reader: asyncio.StreamReader) -> Response:
    """Read the next response of a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
    return Response(int(head.split(" ", 2)[1]), await reader.readexactly(length))


def post(target: str, body: bytes = b"", kind: str = "application/octet-stream") -> bytes:
    """Build a POST request."""
    return (
        f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(target: str, method: str = "GET") -> bytes:
    """Build a request without a body."""
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def upload(content: bytes, target: str = PREDICT) -> bytes:
    """Build a request with an image as the multipart file `image_buf`."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="image_buf"; filename="a.jpg"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return post(target, body, f"multipart/form-data; boundary={_BOUNDARY}")


def feedback(image_id: str, face_index: int, emotion: str) -> bytes:
    """Build a request with feedback."""
    return post(f"{FEEDBACK}?image_id={image_id}&face_index={face_index}&feedback={emotion}")

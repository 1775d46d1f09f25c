"""Soak test: ten thousand requests, many of them invalid; checks responses, stored feedback and memory.

    python -m benchmarks.soak [--requests 10000] [--clients 16] [--store URL]

Runs against two workers with a new SQLite file or a given store. Each kind of request has its allowed statuses; any
other one, and every 500, is a fault. Acknowledged feedback must be stored at the end. Memory is compared with that
after the first tenth of the requests, when everything has been loaded. Prints a Markdown record; exits with 1 if a
check failed.
"""

import argparse
import asyncio
import base64
import random
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.provenance import commit, machine
from benchmarks.reading import ASTRONAUT
from benchmarks.served import NO_RESPONSE, PREDICT, Response, Served, ask, feedback, get, post, read_response, upload
from mememoji.emotions import EMOTIONS
from mememoji.image_io import encode_jpeg, read_image

LARGEST: Final = 20 * 2**20
"""The service's default limit on a body, in bytes."""
BODY_SECONDS: Final = 3.0
"""The body timeout, short so that slow clients do not take half an hour."""

Send = Callable[[], Awaitable[Response]]


def make_small_image() -> bytes:
    """Return a JPEG of 160x120 with the portrait's face."""
    face = cv2.resize(np.asarray(read_image(ASTRONAUT))[20:260, 80:400], (160, 120), interpolation=cv2.INTER_AREA)
    return encode_jpeg(np.ascontiguousarray(face, np.uint8))


def make_bomb() -> bytes:
    """Return a PNG of a few hundred bytes that declares 60000 x 60000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


class Client:
    """Sends requests of all kinds and counts the responses."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self._port = port
        self._random = random.Random(seed)
        self._good = make_small_image()
        self._bomb = make_bomb()
        self._image_ids: list[str] = []
        self.acknowledged: defaultdict[str, list[str]] = defaultdict(list)
        self.responses: Counter[tuple[str, int]] = Counter()
        self.faults: list[str] = []
        # Kind, number per thousand, allowed statuses, function that sends it.
        self._kinds: list[tuple[str, int, set[int], Send]] = [
            ("good image", 300, {200}, self._predict),
            ("good image as base64 in the query", 60, {200}, self._predict_in_query),
            ("feedback", 220, {200}, self._feedback),
            ("feedback on an unknown image or face", 30, {404}, self._stray_feedback),
            ("stored image read", 40, {200}, self._read_stored),
            ("status and metrics", 20, {200}, self._status),
            ("garbage", 80, {400}, self._garbage),
            ("truncated image", 80, {200, 400}, self._truncated),
            ("bomb", 40, {413}, lambda: self._ask(upload(self._bomb))),
            ("wrong type", 60, {400}, self._wrong_type),
            ("URL of a private network", 20, {400}, self._private_url),
            ("invalid HTTP", 10, {0, 400, 404}, self._invalid_http),
            ("body of 20 MB that begins with an image", 10, {200, 400, 413}, self._large),
            ("body over the limit", 10, {413}, self._too_large),
            ("slow client", 10, {408}, self._slow),
            ("client that disconnects", 10, {0}, self._disconnect),
        ]
        assert sum(weight for _, weight, _, _ in self._kinds) == 1000

    async def call(self) -> None:
        """Send one request of a random kind, by weight."""
        weights = [weight for _, weight, _, _ in self._kinds]
        name, _, allowed, send = self._random.choices(self._kinds, weights)[0]
        response = await send()
        self.responses[name, response.status] += 1
        if response.status not in allowed:
            self.faults.append(f"{name}: {response.status} {response.body[:200]!r}")

    async def lost(self) -> int:
        """Count acknowledged feedback that is missing in the store or duplicated."""
        wrong = 0
        for image_id, given in self.acknowledged.items():
            response = await self._ask(get(f"/v1.0.0/images/{image_id}"))
            stored = response.json()["faces"][0]["feedback"] if response.status == 200 else []
            wrong += (Counter(given) - Counter(stored)).total() + (Counter(stored) - Counter(given)).total()
        return wrong

    async def _ask(self, request: bytes) -> Response:
        return await ask(self._port, request)

    async def _predict(self) -> Response:
        response = await self._ask(upload(self._good, f"{PREDICT}?crop_image=true&annotate_image=true"))
        if response.status == 200:
            self._image_ids.append(response.json()["pic_id"])
        return response

    async def _predict_in_query(self) -> Response:
        return await self._ask(
            post(f"{PREDICT}?image_base64=data:image/jpeg;base64,{base64.b64encode(self._good).decode()}")
        )

    async def _feedback(self) -> Response:
        if not self._image_ids:
            return await self._predict()
        image_id, emotion = self._random.choice(self._image_ids[-200:]), self._random.choice(EMOTIONS).value
        response = await self._ask(feedback(image_id, 0, emotion))
        if response.status == 200:
            self.acknowledged[image_id].append(emotion)
        return response

    async def _stray_feedback(self) -> Response:
        known = self._image_ids[-1] if self._image_ids else "nobody"
        return await self._ask(self._random.choice([feedback("nobody", 0, "sad"), feedback(known, 7, "sad")]))

    async def _read_stored(self) -> Response:
        if not self._image_ids:
            return await self._predict()
        return await self._ask(get(f"/v1.0.0/images/{self._random.choice(self._image_ids)}"))

    async def _status(self) -> Response:
        return await self._ask(get(self._random.choice(["/admin/status", "/metrics", "/health/ready"])))

    async def _garbage(self) -> Response:
        content = self._random.randbytes(self._random.randrange(1, 50_000))
        return await self._ask(self._random.choice([upload, lambda c: post(PREDICT, c, "application/json")])(content))

    async def _truncated(self) -> Response:
        return await self._ask(upload(self._good[: self._random.randrange(1, len(self._good))]))

    async def _wrong_type(self) -> Response:
        return await self._ask(
            self._random.choice(
                [
                    upload(b"%PDF-1.7\n" + bytes(1000)),
                    upload(b"PK\x03\x04" + bytes(1000)),
                    upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
                    upload(b""),
                    post(PREDICT, b'{"image_base64": 7}', "application/json"),
                    post(PREDICT, b"[" * 100_000, "application/json"),
                    post(PREDICT, b"image_buf=text", "application/x-www-form-urlencoded"),
                    post(PREDICT, b"--x", "multipart/form-data; boundary=y"),
                    post(f"{PREDICT}?crop_image=perhaps&image_base64=AAAA"),
                    post("/v1.0.0/feedback?image_id=a&face_index=first&feedback=sad"),
                    post("/v1.0.0/feedback?image_id=a&face_index=0&feedback=joy"),
                ]
            )
        )

    async def _private_url(self) -> Response:
        hosts = ["127.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "0x7f.1", "localhost"]
        return await self._ask(post(f"{PREDICT}?image_url=http://{self._random.choice(hosts)}/"))

    async def _invalid_http(self) -> Response:
        return await self._ask(
            self._random.choice([b"\x16\x03\x01" + bytes(200) + b"\r\n\r\n", get("/%00/../../etc/passwd")])
        )

    async def _large(self) -> Response:
        start = self._random.choice([self._good, self._bomb, b"garbage"])
        return await self._ask(upload(start + bytes(LARGEST - 1000 - len(start))))

    async def _too_large(self) -> Response:
        return await self._ask(upload(bytes(LARGEST + 1)))

    async def _slow(self) -> Response:
        """Send byte by byte until the service times out."""
        request = self._random.choice([upload(self._good), get("/admin/status")])
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        response = asyncio.create_task(read_response(reader))
        try:
            for position in range(len(request) - 1):
                writer.write(request[position : position + 1])
                done, _ = await asyncio.wait({response}, timeout=BODY_SECONDS / 20)
                if done:
                    break
            return await response
        except (OSError, asyncio.IncompleteReadError):
            return NO_RESPONSE
        finally:
            response.cancel()
            writer.close()

    async def _disconnect(self) -> Response:
        """Send a request or half of one, and disconnect without reading the response."""
        request = upload(self._good)
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request[: self._random.choice([len(request), len(request) // 2])])
        await writer.drain()
        writer.transport.abort()
        return NO_RESPONSE


async def send(client: Client, count: int, num_clients: int) -> None:
    """Send `count` requests with `num_clients` concurrent clients."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await client.call()

    await asyncio.gather(*(work() for _ in range(num_clients)))


def main() -> None:
    """Send, check and print a Markdown record."""
    parser = argparse.ArgumentParser(description="Many requests, valid and invalid.")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--store", help="URL of a store; a new SQLite file if not given")
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        store = args.store or f"sqlite:///{folder}/images.db"
        with Served(Path(folder), store, workers=2, body_timeout=BODY_SECONDS) as service:
            client = Client(service.port)
            first = args.requests // 10
            asyncio.run(send(client, first, args.clients))
            early = service.resident_bytes()
            pids = service.processes()
            asyncio.run(send(client, args.requests - first, args.clients))
            time.sleep(2)
            late = service.resident_bytes()
            if service.processes() != pids:
                client.faults.append("a worker ended and was replaced")
            lost = asyncio.run(client.lost())
            given = sum(map(len, client.acknowledged.values()))
        with service.log.open(encoding="utf-8") as log:
            client.faults += [line.strip() for line in log if "unexpected error" in line or "Traceback" in line]
    growth = late / early - 1
    errors = sum(count for (_, status), count in client.responses.items() if status >= 500)
    print("## Soak\n")
    print(f"`python -m benchmarks.soak --requests {args.requests} --clients {args.clients}` at commit {commit()}.")
    print(
        f"{machine()}; {args.requests:,} requests in {time.monotonic() - start:.0f} s, "
        f"store {store.partition(':')[0]}.\n"
    )
    print("| what | found | required |\n|---|---|---|")
    print(f"| responses of 500 and above | {errors} | 0 |")
    print(f"| responses other than expected | {len(client.faults)} | 0 |")
    print(f"| feedback lost or duplicated, of {given:,} | {lost} | 0 |")
    print(
        f"| memory of all processes, MB | {early / 1e6:.0f} after {first:,} requests, {late / 1e6:.0f} at the end: "
        f"{growth:+.1%} | within 10 % |\n"
    )
    print("| kind | responses |\n|---|---|")
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for (name, status), count in sorted(client.responses.items()):
        by_kind[name].append(f"{count:,} of {status or 'none'}")
    for name, counts in by_kind.items():
        print(f"| {name} | {', '.join(counts)} |")
    for fault in client.faults[:5]:
        sys.stderr.write(fault + "\n")
    if client.faults or errors or lost or abs(growth) > 0.1:
        sys.exit(1)


if __name__ == "__main__":
    main()

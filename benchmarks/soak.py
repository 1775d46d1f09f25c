"""Ten thousand requests, many of them bad: what the service answers, what it keeps, and what memory it holds.

    python -m benchmarks.soak [--requests 10000] [--callers 16] [--store URL]

Against two workers on a fresh SQLite file, or the store that is named. Each kind of request has the statuses that it
may be answered with; anything else, and every 500, is a fault. All feedback that was acknowledged is looked for at the
end. Memory is compared with that after the first tenth, when everything has been loaded and every kind has come. Prints
a Markdown record, and ends with 1 where something was not as it must be.
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
from benchmarks.served import NO_ANSWER, PREDICT, Answer, Served, ask, feedback, get, post, read_answer, upload
from mememoji.emotions import EMOTIONS
from mememoji.image_io import encode_jpeg, read_image

LARGEST: Final = 20 * 2**20
"""The service's limit on a body, its default."""
BODY_SECONDS: Final = 3.0
"""Set to this, so that slow senders do not take half an hour."""

Send = Callable[[], Awaitable[Answer]]


def small_picture() -> bytes:
    """The portrait's face on a JPEG of 160x120."""
    face = cv2.resize(np.asarray(read_image(ASTRONAUT))[20:260, 80:400], (160, 120), interpolation=cv2.INTER_AREA)
    return encode_jpeg(np.ascontiguousarray(face, np.uint8))


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60000 pixels wide and high."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


class Caller:
    """Sends requests of all kinds and keeps account of the answers."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self._port = port
        self._random = random.Random(seed)
        self._good = small_picture()
        self._bomb = bomb()
        self._photos: list[str] = []
        self.acknowledged: defaultdict[str, list[str]] = defaultdict(list)
        self.answers: Counter[tuple[str, int]] = Counter()
        self.faults: list[str] = []
        # Kind, how many of a thousand, statuses that it may be answered with, how it is sent.
        self._kinds: list[tuple[str, int, set[int], Send]] = [
            ("good image", 300, {200}, self._predict),
            ("good image as base64 in the query", 60, {200}, self._predict_in_query),
            ("feedback", 220, {200}, self._feedback),
            ("feedback on what is not there", 30, {404}, self._stray_feedback),
            ("stored image looked at", 40, {200}, self._look),
            ("status and metrics", 20, {200}, self._status),
            ("garbage", 80, {400}, self._garbage),
            ("truncated image", 80, {200, 400}, self._truncated),
            ("bomb", 40, {413}, lambda: self._ask(upload(self._bomb))),
            ("wrong type", 60, {400}, self._wrong_type),
            ("address inside", 20, {400}, self._address),
            ("no HTTP", 10, {0, 400, 404}, self._no_http),
            ("body of 20 MB, of which some is an image", 10, {200, 400, 413}, self._large),
            ("body over the limit", 10, {413}, self._too_large),
            ("slow sender", 10, {408}, self._slow),
            ("caller that goes away", 10, {0}, self._go_away),
        ]
        assert sum(weight for _, weight, _, _ in self._kinds) == 1000

    async def call(self) -> None:
        """One request, of a kind that chance chooses, as often as its weight says."""
        weights = [weight for _, weight, _, _ in self._kinds]
        name, _, allowed, send = self._random.choices(self._kinds, weights)[0]
        answer = await send()
        self.answers[name, answer.status] += 1
        if answer.status not in allowed:
            self.faults.append(f"{name}: {answer.status} {answer.body[:200]!r}")

    async def lost(self) -> int:
        """How much of the acknowledged feedback is not in the store, or more often than it was given."""
        wrong = 0
        for photo_id, given in self.acknowledged.items():
            answer = await self._ask(get(f"/v1.0.0/images/{photo_id}"))
            kept = answer.json()["faces"][0]["feedback"] if answer.status == 200 else []
            wrong += (Counter(given) - Counter(kept)).total() + (Counter(kept) - Counter(given)).total()
        return wrong

    async def _ask(self, request: bytes) -> Answer:
        return await ask(self._port, request)

    async def _predict(self) -> Answer:
        answer = await self._ask(upload(self._good, f"{PREDICT}?crop_image=true&annotate_image=true"))
        if answer.status == 200:
            self._photos.append(answer.json()["pic_id"])
        return answer

    async def _predict_in_query(self) -> Answer:
        return await self._ask(
            post(f"{PREDICT}?image_base64=data:image/jpeg;base64,{base64.b64encode(self._good).decode()}")
        )

    async def _feedback(self) -> Answer:
        if not self._photos:
            return await self._predict()
        photo_id, emotion = self._random.choice(self._photos[-200:]), self._random.choice(EMOTIONS).value
        answer = await self._ask(feedback(photo_id, 0, emotion))
        if answer.status == 200:
            self.acknowledged[photo_id].append(emotion)
        return answer

    async def _stray_feedback(self) -> Answer:
        known = self._photos[-1] if self._photos else "nobody"
        return await self._ask(self._random.choice([feedback("nobody", 0, "sad"), feedback(known, 7, "sad")]))

    async def _look(self) -> Answer:
        if not self._photos:
            return await self._predict()
        return await self._ask(get(f"/v1.0.0/images/{self._random.choice(self._photos)}"))

    async def _status(self) -> Answer:
        return await self._ask(get(self._random.choice(["/admin/status", "/metrics", "/health/ready"])))

    async def _garbage(self) -> Answer:
        content = self._random.randbytes(self._random.randrange(1, 50_000))
        return await self._ask(self._random.choice([upload, lambda c: post(PREDICT, c, "application/json")])(content))

    async def _truncated(self) -> Answer:
        return await self._ask(upload(self._good[: self._random.randrange(1, len(self._good))]))

    async def _wrong_type(self) -> Answer:
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

    async def _address(self) -> Answer:
        hosts = ["127.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "0x7f.1", "localhost"]
        return await self._ask(post(f"{PREDICT}?image_url=http://{self._random.choice(hosts)}/"))

    async def _no_http(self) -> Answer:
        return await self._ask(
            self._random.choice([b"\x16\x03\x01" + bytes(200) + b"\r\n\r\n", get("/%00/../../etc/passwd")])
        )

    async def _large(self) -> Answer:
        start = self._random.choice([self._good, self._bomb, b"garbage"])
        return await self._ask(upload(start + bytes(LARGEST - 1000 - len(start))))

    async def _too_large(self) -> Answer:
        return await self._ask(upload(bytes(LARGEST + 1)))

    async def _slow(self) -> Answer:
        """Drop by drop, until the service has had enough."""
        request = self._random.choice([upload(self._good), get("/admin/status")])
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        answer = asyncio.create_task(read_answer(reader))
        try:
            for place in range(len(request) - 1):
                writer.write(request[place : place + 1])
                done, _ = await asyncio.wait({answer}, timeout=BODY_SECONDS / 20)
                if done:
                    break
            return await answer
        except (OSError, asyncio.IncompleteReadError):
            return NO_ANSWER
        finally:
            answer.cancel()
            writer.close()

    async def _go_away(self) -> Answer:
        """Sends a request or half of one, and leaves without reading the answer."""
        request = upload(self._good)
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request[: self._random.choice([len(request), len(request) // 2])])
        await writer.drain()
        writer.transport.abort()
        return NO_ANSWER


async def send(caller: Caller, count: int, callers: int) -> None:
    """So many requests, by so many callers at once."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await caller.call()

    await asyncio.gather(*(work() for _ in range(callers)))


def main() -> None:
    """Send, look, and print."""
    parser = argparse.ArgumentParser(description="Many requests, good and bad.")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--store", help="a store's URL; else a fresh SQLite file")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or f"sqlite:///{folder}/photos.db"
        with Served(Path(folder), store, workers=2, body_seconds=BODY_SECONDS) as service:
            caller = Caller(service.port)
            first = options.requests // 10
            asyncio.run(send(caller, first, options.callers))
            early = service.resident_bytes()
            pids = service.processes()
            asyncio.run(send(caller, options.requests - first, options.callers))
            time.sleep(2)
            late = service.resident_bytes()
            if service.processes() != pids:
                caller.faults.append("a worker ended and was replaced")
            lost = asyncio.run(caller.lost())
            given = sum(map(len, caller.acknowledged.values()))
        with service.log.open(encoding="utf-8") as log:
            caller.faults += [line.strip() for line in log if "unforeseen" in line or "Traceback" in line]
    growth = late / early - 1
    errors = sum(count for (_, status), count in caller.answers.items() if status >= 500)
    print("## Soak\n")
    print(
        f"`python -m benchmarks.soak --requests {options.requests} --callers {options.callers}` at commit {commit()}."
    )
    print(
        f"{machine()}; {options.requests:,} requests in {time.monotonic() - start:.0f} s, "
        f"store {store.partition(':')[0]}.\n"
    )
    print("| what | found | asked |\n|---|---|---|")
    print(f"| answers of 500 and above | {errors} | 0 |")
    print(f"| answers other than expected | {len(caller.faults)} | 0 |")
    print(f"| feedback lost or doubled, of {given:,} | {lost} | 0 |")
    print(
        f"| memory of all processes, MB | {early / 1e6:.0f} after {first:,} requests, {late / 1e6:.0f} at the end: "
        f"{growth:+.1%} | within 10 % |\n"
    )
    print("| kind | answers |\n|---|---|")
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for (name, status), count in sorted(caller.answers.items()):
        by_kind[name].append(f"{count:,} of {status or 'none'}")
    for name, told in by_kind.items():
        print(f"| {name} | {', '.join(told)} |")
    for fault in caller.faults[:5]:
        sys.stderr.write(fault + "\n")
    if caller.faults or errors or lost or abs(growth) > 0.1:
        sys.exit(1)


if __name__ == "__main__":
    main()

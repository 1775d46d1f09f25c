"""Crash safety: the service is killed repeatedly while it writes; acknowledged writes must survive, and completely.

    python -m benchmarks.crashes [--kills 50] [--store sqlite] [--store postgresql://…] [--store mongodb://…]

Clients post images with two faces and feedback on them as fast as they are answered; the service stores crops. After a
random time all its processes receive SIGKILL. Then the store is opened directly: each image must have both faces with a
decodable crop, each acknowledged image must exist, and each face must have the acknowledged feedback in order, followed
at most by feedback that was sent and not answered. On a server a temporary schema or database is used and dropped.
Prints a Markdown record; exits with 1 if a check failed.
"""

import argparse
import asyncio
import random
import re
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.provenance import commit, machine
from benchmarks.reading import ASTRONAUT
from benchmarks.served import Served, ask, feedback, upload
from mememoji.emotions import EMOTIONS
from mememoji.image_io import encode_jpeg, read_image
from mememoji.storage.factory import open_store

CLIENTS = 4


@dataclass(slots=True)
class Round:
    """What the clients sent until the kill, and what was acknowledged."""

    image_ids: set[str] = field(default_factory=set)
    num_cut_off: int = 0
    acknowledged: defaultdict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    unanswered: defaultdict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))


@contextmanager
def create_store(store: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty store of this kind and drop it afterward."""
    name = f"crashes_{secrets.token_hex(4)}"
    if store == "sqlite":
        yield f"sqlite:///{folder}/images.db"
    elif store.startswith("postgres"):
        import psycopg

        with closing(psycopg.connect(store, autocommit=True)) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
            try:
                yield f"{store}{'&' if '?' in store else '?'}options=-csearch_path%3D{name}"
            finally:
                connection.execute(f"DROP SCHEMA {name} CASCADE")
    else:
        from pymongo import MongoClient

        url = re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", store)
        yield url
        with closing(MongoClient[dict[str, Any]](url)) as client:
            client.drop_database(name)


def make_two_faces() -> bytes:
    """Return a JPEG of 320x120 with the portrait's face twice, side by side."""
    face = cv2.resize(np.asarray(read_image(ASTRONAUT))[20:260, 80:400], (160, 120), interpolation=cv2.INTER_AREA)
    return encode_jpeg(np.ascontiguousarray(np.hstack([face, face[:, ::-1]]), np.uint8))


async def write(port: int, request: bytes, sent: Round) -> None:
    """Send images and feedback until the service has been killed."""

    async def call(number: int) -> None:
        while True:
            response = await ask(port, request)
            if response.status == 0:
                sent.num_cut_off += 1
                return
            assert response.status == 200, response
            found = response.json()
            assert len(found["faces"]) == 2, response
            image_id = found["pic_id"]
            sent.image_ids.add(image_id)
            for step in range(4):
                face, emotion = step % 2, EMOTIONS[(number + step) % 6].value
                response = await ask(port, feedback(image_id, face, emotion))
                if response.status == 0:
                    sent.num_cut_off += 1
                    sent.unanswered[image_id, face].append(emotion)
                    return
                assert response.status == 200, response
                sent.acknowledged[image_id, face].append(emotion)

    await asyncio.gather(*map(call, range(CLIENTS)))


def kill_once(url: str, folder: Path, request: bytes, after: float) -> Round:
    """Start the service, write, and kill it after `after` seconds."""
    sent = Round()

    async def write_and_kill(service: Served) -> None:
        writing = asyncio.create_task(write(service.port, request, sent))
        await asyncio.sleep(after)
        await asyncio.to_thread(service.kill)
        await writing

    with Served(folder, url, workers=1, store_pixels="crops") as service:
        asyncio.run(write_and_kill(service))
    return sent


def find_faults(url: str, sent: Round) -> Iterator[str]:
    """Yield what violates the guarantees."""
    with closing(open_store(url)) as store:
        kept = {record.image_id: record for record in store.iter_images(pixels=True)}
    for record in kept.values():
        if len(record.faces) != 2:
            yield f"an image with {len(record.faces)} faces"
        for face in record.faces:
            if face.crop is None or read_image(face.crop).ndim != 3:
                yield "a face without its crop"
    for image_id in sent.image_ids - set(kept):
        yield f"an acknowledged image is lost: {image_id}"
    for record in kept.values():
        for index, face in enumerate(record.faces):
            key = (record.image_id, index)
            acknowledged = [*sent.acknowledged[key]]
            if list(face.feedback) not in (acknowledged, acknowledged + sent.unanswered[key]):
                yield f"feedback {face.feedback}, acknowledged {acknowledged}"


def main() -> None:
    """Kill, check and print a Markdown record."""
    parser = argparse.ArgumentParser(description="The service killed while it writes.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--store", action="append", help="sqlite, or the URL of a server; may be repeated")
    args = parser.parse_args()
    request = upload(make_two_faces())
    generator = random.Random(0)
    print("## Crashes\n")
    print(f"`python -m benchmarks.crashes --kills {args.kills}` at commit {commit()}.")
    print(f"{machine()}.\n")
    print(
        "| store | kills | images acknowledged | feedback acknowledged | requests cut off | faults |\n"
        "|---|---|---|---|---|---|"
    )
    wrong: list[str] = []
    for kind in args.store or ["sqlite"]:
        start = time.monotonic()
        found: list[str] = []
        with tempfile.TemporaryDirectory() as folder, create_store(kind, Path(folder)) as url:
            sent = Round()
            for _ in range(args.kills):
                one = kill_once(url, Path(folder), request, 0.15 + generator.random() * 0.5)
                sent.image_ids |= one.image_ids
                sent.acknowledged |= one.acknowledged
                sent.unanswered |= one.unanswered
                found += find_faults(url, sent)
                sent.num_cut_off += one.num_cut_off
            image_ids, said = len(sent.image_ids), sum(map(len, sent.acknowledged.values()))
        name = kind.partition(":")[0]
        print(f"| {name} | {args.kills} | {image_ids:,} | {said:,} | {sent.num_cut_off} | {len(found)} |", flush=True)
        sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
        wrong += found
    for fault in wrong[:20]:
        sys.stderr.write(fault + "\n")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""The service killed in the midst of writing, again and again: what it acknowledged is there, and nothing by halves.

    python -m benchmarks.crashes [--kills 50] [--store sqlite] [--store postgresql://…] [--store mongodb://…]

Callers post images of two faces and feedback on them as fast as they are answered, the service keeping crops; after a
time that differs from round to round, all its processes get `kill -9`. Then the store is opened beside the service:
every image in it has both faces with a crop that can be read, every acknowledged image is there, and every face carries
the acknowledged feedback in its order, behind it at most what was sent without an answer. A server's database is used
in a schema or database of its own, which is dropped. Prints a Markdown record, and ends with 1 where something was not
as it must be.
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

CALLERS = 4


@dataclass(slots=True)
class Round:
    """What callers sent until the kill, and what of it was acknowledged."""

    photos: set[str] = field(default_factory=set)
    cut_off: int = 0
    acknowledged: defaultdict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    unanswered: defaultdict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))


@contextmanager
def fresh(store: str, folder: Path) -> Iterator[str]:
    """The URL of an empty store of that kind, which is gone afterwards."""
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


def two_faces() -> bytes:
    """The portrait's face twice, side by side, on a JPEG of 320x120."""
    face = cv2.resize(np.asarray(read_image(ASTRONAUT))[20:260, 80:400], (160, 120), interpolation=cv2.INTER_AREA)
    return encode_jpeg(np.ascontiguousarray(np.hstack([face, face[:, ::-1]]), np.uint8))


async def write(port: int, picture: bytes, happened: Round) -> None:
    """Images and feedback until the service is gone."""

    async def call(number: int) -> None:
        while True:
            answer = await ask(port, picture)
            if answer.status == 0:
                happened.cut_off += 1
                return
            assert answer.status == 200, answer
            found = answer.json()
            assert len(found["faces"]) == 2, answer
            image_id = found["pic_id"]
            happened.photos.add(image_id)
            for place in range(4):
                face, emotion = place % 2, EMOTIONS[(number + place) % 6].value
                answer = await ask(port, feedback(image_id, face, emotion))
                if answer.status == 0:
                    happened.cut_off += 1
                    happened.unanswered[image_id, face].append(emotion)
                    return
                assert answer.status == 200, answer
                happened.acknowledged[image_id, face].append(emotion)

    await asyncio.gather(*map(call, range(CALLERS)))


def kill_once(url: str, folder: Path, picture: bytes, after: float) -> Round:
    """Start the service, write, and kill it so many seconds later."""
    happened = Round()

    async def write_and_kill(service: Served) -> None:
        writing = asyncio.create_task(write(service.port, picture, happened))
        await asyncio.sleep(after)
        await asyncio.to_thread(service.kill)
        await writing

    with Served(folder, url, workers=1, keep="crops") as service:
        asyncio.run(write_and_kill(service))
    return happened


def faults(url: str, happened: Round) -> Iterator[str]:
    """What is not as it must be."""
    with closing(open_store(url)) as store:
        kept = {photo.image_id: photo for photo in store.iter_images(pixels=True)}
    for photo in kept.values():
        if len(photo.faces) != 2:
            yield f"an image with {len(photo.faces)} faces"
        for face in photo.faces:
            if face.crop is None or read_image(face.crop).ndim != 3:
                yield "a face without its crop"
    for image_id in happened.photos - set(kept):
        yield f"an acknowledged image is lost: {image_id}"
    for photo in kept.values():
        for index, face in enumerate(photo.faces):
            key = (photo.image_id, index)
            sure = [*happened.acknowledged[key]]
            if list(face.feedback) not in (sure, sure + happened.unanswered[key]):
                yield f"feedback {face.feedback}, acknowledged {sure}"


def main() -> None:
    """Kill, look, and print."""
    parser = argparse.ArgumentParser(description="The service killed in the midst of writing.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--store", action="append", help="sqlite, or a server's URL; several times for several")
    options = parser.parse_args()
    picture = upload(two_faces())
    chance = random.Random(0)
    print("## Crashes\n")
    print(f"`python -m benchmarks.crashes --kills {options.kills}` at commit {commit()}.")
    print(f"{machine()}.\n")
    print(
        "| store | kills | images acknowledged | feedback acknowledged | requests cut off | faults |\n"
        "|---|---|---|---|---|---|"
    )
    wrong: list[str] = []
    for kind in options.store or ["sqlite"]:
        start = time.monotonic()
        found: list[str] = []
        with tempfile.TemporaryDirectory() as folder, fresh(kind, Path(folder)) as url:
            happened = Round()
            for _ in range(options.kills):
                one = kill_once(url, Path(folder), picture, 0.15 + chance.random() * 0.5)
                happened.photos |= one.photos
                happened.acknowledged |= one.acknowledged
                happened.unanswered |= one.unanswered
                found += faults(url, happened)
                happened.cut_off += one.cut_off
            photos, said = len(happened.photos), sum(map(len, happened.acknowledged.values()))
        name = kind.partition(":")[0]
        print(f"| {name} | {options.kills} | {photos:,} | {said:,} | {happened.cut_off} | {len(found)} |", flush=True)
        sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
        wrong += found
    for fault in wrong[:20]:
        sys.stderr.write(fault + "\n")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""A process that writes: `python writer.py URL feedback IMAGE_ID COUNT EMOTION` or `python writer.py URL images`.

It prints a line for each write that was acknowledged.
"""

import sys

from mememoji.emotions import Emotion
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import ImageRecord
from mememoji.storage.image_store import ImageStore

FACE = Face(Detection(Box(0, 0, 5, 5)), Composition((0.1, 0.1, 0.5, 0.1, 0.1, 0.1)))
CROPS = (b"first" * 60_000, b"second" * 60_000)


def report(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def give_feedback(store: ImageStore, image_id: str, count: int, emotion: Emotion) -> None:
    for _ in range(count):
        store.add_feedback(image_id, 0, emotion)
    report("done")


def write_images(store: ImageStore) -> None:
    """Store images of two faces and two crops, each with feedback, until the process is killed."""
    while True:
        record = ImageRecord.from_analysis(Analysis(9, 9, (FACE, FACE), "fake", "fake"), crops=CROPS)
        store.add(record)
        report("image", record.image_id)
        store.add_feedback(record.image_id, 1, Emotion.SAD)
        report("feedback", record.image_id)


if __name__ == "__main__":
    url, what, *rest = sys.argv[1:]
    if what == "feedback":
        give_feedback(open_store(url), rest[0], int(rest[1]), Emotion(rest[2]))
    else:
        write_images(open_store(url))

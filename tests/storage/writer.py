"""A process that writes: `python writer.py URL feedback PHOTO_ID COUNT EMOTION` or `python writer.py URL photos`.

It prints a line for what was acknowledged, once it was.
"""

import sys

from mememoji.emotions import Emotion
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import StoredPhoto
from mememoji.storage.image_store import PhotoStore

FACE = Face(Detection(Box(0, 0, 5, 5)), Composition((0.1, 0.1, 0.5, 0.1, 0.1, 0.1)))
CROPS = (b"first" * 60_000, b"second" * 60_000)


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def give_feedback(store: PhotoStore, photo_id: str, count: int, emotion: Emotion) -> None:
    for _ in range(count):
        store.add_feedback(photo_id, 0, emotion)
    say("done")


def write_photos(store: PhotoStore) -> None:
    """Images of two faces and two crops, each with one feedback, until someone kills the process."""
    while True:
        photo = StoredPhoto.of(Analysis(9, 9, (FACE, FACE), "fixed", "fixed"), crops=CROPS)
        store.add(photo)
        say("photo", photo.photo_id)
        store.add_feedback(photo.photo_id, 1, Emotion.SAD)
        say("feedback", photo.photo_id)


if __name__ == "__main__":
    url, what, *rest = sys.argv[1:]
    if what == "feedback":
        give_feedback(open_store(url), rest[0], int(rest[1]), Emotion(rest[2]))
    else:
        write_photos(open_store(url))

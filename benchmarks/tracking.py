"""Identity switches on synthetic video with known motion: our tracker and others.

    python -m benchmarks.tracking [--detector haar] [--detector-weights FILE] [--scenes 3]

Faces are pasted on paths that drift, cross and are hidden for a moment; a real detector finds them. A switch is
counted if the face of a path gets another track ID. Libraries that are not installed are skipped. Prints a
Markdown record for this folder.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.provenance import commit, machine, today
from benchmarks.reading import ASTRONAUT
from mememoji.detection.registry import make_detector
from mememoji.image_io import RGBImage, read_image
from mememoji.results import Box, Detection
from mememoji.tracking.tracker import Tracker

RATE = 25
SECONDS = 6
WIDTH, HEIGHT = 640, 360
FACE = 150

Track = Callable[[float, Sequence[Detection]], Sequence[int | None]]
Position = tuple[float, float, bool]
"""Center of a face, and whether it is visible."""


def make_paths(kind: str, seed: int) -> list[Callable[[float], Position]]:
    """Return the path of each face: seconds to position."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0.7, 1.4, 2)
    y = rng.uniform(150, 210)
    turn = 2 * math.pi / SECONDS

    def across(start: float, end: float, wave: float, pace: float) -> Callable[[float], Position]:
        return lambda t: (start + (end - start) * t / SECONDS, y + wave * math.sin(pace * t), True)

    def hidden(path: Callable[[float], Position], start: float, length: float) -> Callable[[float], Position]:
        return lambda t: (*path(t)[:2], not start <= t < start + length)

    if kind == "drift":
        return [across(110, 260, 30, 2 * a), across(500, 400, -40, 3 * b)]
    if kind == "cross":
        return [across(100, 540, 25, a), across(540, 100, -25, b)]
    if kind == "gaps":
        left, right = across(100, 260, 20, 2 * a), across(540, 400, 20, 2 * b)
        return [hidden(hidden(left, 1.5, 0.4), 4, 0.6), hidden(right, 2.5, 0.8)]
    # Fast oscillation: a face moves by up to a fifth of its size between frames.
    return [
        lambda t: (320 - 200 * math.cos(3 * turn * a * t), 100.0, True),
        lambda t: (320 + 200 * math.cos(3 * turn * b * t), 262.0, True),
    ]


def make_frames(
    scene: Sequence[Callable[[float], Position]], seed: int
) -> Iterator[tuple[float, RGBImage, list[Position]]]:
    """Yield the synthetic video: time, (H, W, 3) uint8 RGB, and the positions of the faces."""
    face = read_image(ASTRONAUT)[30 : 30 + FACE, 150 : 150 + FACE]
    rng = np.random.default_rng(seed)
    mask = np.zeros((FACE, FACE), np.float32)
    cv2.ellipse(mask, (FACE // 2, FACE // 2), (FACE * 2 // 5, FACE * 47 // 100), 0, 0, 360, 1, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 3)[..., None]
    ground = cv2.GaussianBlur(rng.integers(90, 150, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 9)
    for number in range(RATE * SECONDS):
        time = number / RATE
        image = ground.copy()
        positions = [path(time) for path in scene]
        for x, y, seen in positions:
            if seen:
                left, top = round(x - FACE / 2), round(y - FACE / 2)
                below = image[max(top, 0) : top + FACE, max(left, 0) : left + FACE]
                part = np.s_[
                    max(-top, 0) : max(-top, 0) + below.shape[0], max(-left, 0) : max(-left, 0) + below.shape[1]
                ]
                below[:] = np.rint(below + (face[part].astype(np.float32) - below) * soft[part])
        noisy = np.clip(image + rng.normal(0, 4, image.shape), 0, 255)
        yield time, noisy.astype(np.uint8), positions


def trackers() -> dict[str, Callable[[], Track]]:
    """Return a constructor of each tracker by name."""
    found: dict[str, Callable[[], Track]] = {"ours": lambda: Tracker().update, "IoU only": make_iou_tracker}
    for name, make in (
        ("norfair", make_norfair),
        ("trackers' ByteTrack", partial(make_trackers, "ByteTrackTracker")),
        ("trackers' OC-SORT", partial(make_trackers, "OCSORTTracker")),
    ):
        try:
            make()
        except ImportError:
            continue
        found[name] = make
    return found


def make_iou_tracker() -> Track:
    """Make the simplest tracker: the box of the last second with the largest IoU."""
    known: dict[int, tuple[float, Box]] = {}
    numbers = iter(range(1, 10**6))

    def update(time: float, detections: Sequence[Detection]) -> Sequence[int]:
        pairs = sorted(
            (-box.iou(detection.box), index, number)
            for number, (last, box) in known.items()
            if time - last <= 1
            for index, detection in enumerate(detections)
            if box.iou(detection.box) > 0.2
        )
        given: dict[int, int] = {}
        for _, index, number in pairs:
            if index not in given and number not in given.values():
                given[index] = number
        for index, detection in enumerate(detections):
            known[given.setdefault(index, next(numbers))] = time, detection.box
        return [given[index] for index in range(len(detections))]

    return update


def make_norfair() -> Track:
    """Make norfair's tracker: Kalman filter and distance; a track is confirmed after three detections."""
    import norfair as library  # type: ignore[import-not-found]

    tracker = library.Tracker("mean_euclidean", distance_threshold=FACE, hit_counter_max=RATE, initialization_delay=2)

    def update(_: float, detections: Sequence[Detection]) -> Sequence[int | None]:
        handed = [
            library.Detection(np.array([d.box.xyxy[:2], d.box.xyxy[2:]], float), data=index)
            for index, d in enumerate(detections)
        ]
        given: list[int | None] = [None] * len(detections)
        for tracked in tracker.update(handed):
            if any(tracked.last_detection is detection for detection in handed):
                given[tracked.last_detection.data] = tracked.id
        return given

    return update


def make_trackers(name: str) -> Track:
    """Make a tracker of the package trackers: Kalman filter and IoU; confirmed after several detections."""
    import supervision  # type: ignore[import-not-found]
    import trackers as library  # type: ignore[import-not-found]

    tracker: Any = getattr(library, name)(frame_rate=RATE, lost_track_buffer=RATE)

    def update(_: float, detections: Sequence[Detection]) -> Sequence[int | None]:
        if not detections:
            tracker.update(supervision.Detections.empty())
            return []
        boxes = np.array([d.box.xyxy for d in detections], float)
        out = tracker.update(
            supervision.Detections(
                xyxy=boxes,
                confidence=np.array([d.confidence or 0.9 for d in detections]),
                class_id=np.zeros(len(boxes), int),
                data={"index": np.arange(len(boxes))},
            )
        )
        given: list[int | None] = [None] * len(detections)
        for index, number in zip(out.data.get("index", ()), out.tracker_id, strict=True):
            given[int(index)] = int(number) if number >= 0 else None
        return given

    return update


def score(found: Sequence[tuple[float, list[Detection], list[Position]]], track: Track) -> tuple[int, int, int]:
    """Return identity switches, faces without a track ID, and faces found."""
    last: dict[int, int] = {}
    switches = unnumbered = faces = 0
    for time, detections, positions in found:
        numbers = track(time, detections)
        for path, (x, y, seen) in enumerate(positions):
            inside = [
                index
                for index, d in enumerate(detections)
                if math.hypot(d.box.x + d.box.width / 2 - x, d.box.y + d.box.height / 2 - y) < FACE / 4
            ]
            # The box of overlapping faces cannot be assigned to one of them.
            alone = all(math.hypot(x - ox, y - oy) > FACE / 2 for ox, oy, _ in positions if (ox, oy) != (x, y))
            if not seen or not alone or len(inside) != 1:
                continue
            faces += 1
            number = numbers[inside[0]]
            if number is None:
                unnumbered += 1
                continue
            switches += last.setdefault(path, number) != number
            last[path] = number
    return switches, unnumbered, faces


def main() -> None:
    """Measure and print a Markdown record."""
    parser = argparse.ArgumentParser(description="Identity switches on synthetic video.")
    parser.add_argument("--detector", default="haar")
    parser.add_argument("--detector-weights", type=Path)
    parser.add_argument("--scenes", type=int, default=3)
    args = parser.parse_args()
    detector = make_detector(args.detector, args.detector_weights)
    compared = trackers()
    print(f"# Tracking, {today()}\n")
    print(f"`python -m benchmarks.tracking --scenes {args.scenes}` with {detector.name} at commit {commit()}.")
    print(f"{machine()}, OpenCV {cv2.__version__}.\n")
    print("| scene | faces found | " + " | ".join(f"{name}: switches, without ID" for name in compared) + " |")
    print("|---|---|" + "---|" * len(compared))
    for kind in ("drift", "cross", "gaps", "fast"):
        totals = {name: np.zeros(3, int) for name in compared}
        for seed in range(args.scenes):
            made = make_frames(make_paths(kind, seed), seed)
            found = [(time, detector.detect(image), positions) for time, image, positions in made]
            for name, make in compared.items():
                totals[name] += score(found, make())
        cells = " | ".join(f"{switches}, {unnumbered}" for switches, unnumbered, _ in totals.values())
        print(f"| {kind} | {next(iter(totals.values()))[2]} | {cells} |")


if __name__ == "__main__":
    main()

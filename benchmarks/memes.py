"""What a meme face costs beside reading the face, and a sheet of faces to look at.

    python -m benchmarks.memes [--rounds 40] [--detector haar] [--detector-weights FILE]
    python -m benchmarks.memes --sheet docs/images/memes.png

Drawing and analyzing are measured in turns in one run; the figure is the ratio of the medians. Prints a Markdown
record for this folder.
"""

import argparse
import math
from itertools import combinations
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.provenance import commit, machine, today
from benchmarks.reading import ASTRONAUT, compare
from mememoji.analyzer import Analyzer
from mememoji.detection.registry import make_detector
from mememoji.drawing.canvas import Canvas, rgb, text_width
from mememoji.drawing.memes import overlay_meme, meme_image, meme_shapes, meme_svg
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.image_io import RGBImage, encode_png, read_image
from mememoji.results import Box, Composition

LIMIT: Final = 0.25
"""A meme face of 200 pixels costs at most this part of analyzing its frame."""

_INK: Final = rgb("#2a1a2e")


def measure(rounds: int, detector: str, weights: Path | None) -> list[tuple[str, float, float]]:
    """What is drawn, with its median and that of analyzing a 640x480 frame with one face, in seconds."""
    analyzer = Analyzer(make_detector(detector, weights))
    frame = np.asarray(cv2.copyMakeBorder(read_image(ASTRONAUT)[:480], 0, 0, 64, 64, cv2.BORDER_REFLECT), np.uint8)
    # A face on video is never the same twice: another composition each time.
    compositions = [Composition.of(row) for row in np.random.default_rng(0).dirichlet([0.5] * 6, 1000)]
    moving = iter(compositions * 10)
    tilted = ((280.0, 190.0), (360.0, 205.0), (318.0, 230.0), (284.0, 262.0), (350.0, 275.0))
    works = {
        "shapes alone": lambda: meme_shapes(next(moving)),
        "SVG text": lambda: meme_svg(next(moving)),
        "48 px": lambda: meme_image(next(moving), 48),
        "200 px": lambda: meme_image(next(moving), 200),
        "600 px": lambda: meme_image(next(moving), 600),
        "laid over a box of 130 px, tilted": lambda: overlay_meme(frame, Box(255, 150, 130, 130), next(moving), tilted),
    }
    picture = frame.copy()
    return [(what, *compare(work, lambda: analyzer.analyze_array(picture), rounds)) for what, work in works.items()]


def sheet() -> RGBImage:
    """The pure emotions around neutral, and below them all pairs, half and half."""
    large, small, columns = 200, 150, 5
    width, ring = columns * (small + 20), 640
    canvas = Canvas(np.full((ring + 3 * (small + 40), width, 3), 255, np.uint8))
    others = [emotion for emotion in EMOTIONS if emotion is not Emotion.NEUTRAL]
    places: list[tuple[Emotion, float, float]] = [(Emotion.NEUTRAL, 0.0, 0.0)]
    for number, around in enumerate(others):
        angle = 2 * math.pi * number / len(others)
        places.append((around, 290 * math.sin(angle), -205 * math.cos(angle)))
    for emotion, x, y in places:
        _put(canvas, (emotion,), width / 2 + x, ring / 2 + 15 + y, large)
    for number, pair in enumerate(combinations(EMOTIONS, 2)):
        row, column = divmod(number, columns)
        _put(canvas, pair, (column + 0.5) * width / columns, ring + row * (small + 40) + small / 2, small)
    return canvas.pixels


def _put(canvas: Canvas, emotions: tuple[Emotion, ...], x: float, y: float, size: int) -> None:
    share = 1 / len(emotions)
    image = meme_image(Composition.of([share if emotion in emotions else 0.0 for emotion in EMOTIONS]), size)
    left, top = round(x - size / 2), round(y - size / 2)
    below = canvas.pixels[top : top + size, left : left + size]
    alpha = image[..., 3:] / 255
    below[:] = np.rint(below * (1 - alpha) + image[..., :3] * alpha)
    text = " + ".join(emotions)
    canvas.text(x - text_width(text, 13) / 2, top + size + 10, text, 13, _INK)


def main() -> None:
    """Measure and print, or draw the sheet."""
    parser = argparse.ArgumentParser(description="What a meme face costs, and a sheet of faces.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--detector", default="haar")
    parser.add_argument("--detector-weights", type=Path)
    parser.add_argument("--sheet", type=Path, help="draw the sheet to this PNG file instead")
    options = parser.parse_args()
    if options.sheet:
        options.sheet.write_bytes(encode_png(sheet()))
        return
    rows = measure(options.rounds, options.detector, options.detector_weights)
    print(f"# Meme faces, {today()}\n")
    print(f"`python -m benchmarks.memes --rounds {options.rounds} --detector {options.detector}` at commit {commit()}.")
    print(f"{machine()}, OpenCV {cv2.__version__}.")
    print("One face a call, another composition each time, beside analyzing a 640x480 frame with one face; medians of")
    print(f"runs taken in turns. A face of 200 pixels is to cost at most {LIMIT:g} of the analysis.\n")
    print("| what | drawing, ms | analyzing, ms | ratio |\n|---|---|---|---|")
    for what, drawing, analysing in rows:
        print(f"| {what} | {drawing * 1e3:.2f} | {analysing * 1e3:.1f} | {drawing / analysing:.3f} |")


if __name__ == "__main__":
    main()

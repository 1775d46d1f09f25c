"""Cost of drawing a meme face relative to analyzing the frame; and a sheet of meme faces.

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
from mememoji.drawing.canvas import Canvas, hex_to_rgb, text_width
from mememoji.drawing.memes import meme_image, meme_shapes, meme_svg, overlay_meme
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.image_io import RGBImage, encode_png, read_image
from mememoji.results import Box, Composition

LIMIT: Final = 0.25
"""Maximum cost of a meme face of 200 pixels, as a fraction of analyzing its frame."""

_INK: Final = hex_to_rgb("#2a1a2e")


def measure(rounds: int, detector: str, weights: Path | None) -> list[tuple[str, float, float]]:
    """Return each drawing with its median duration and that of analyzing a 640x480 frame with one face, in seconds."""
    analyzer = Analyzer(make_detector(detector, weights))
    frame = np.asarray(cv2.copyMakeBorder(read_image(ASTRONAUT)[:480], 0, 0, 64, 64, cv2.BORDER_REFLECT), np.uint8)
    # As on video, each drawing has another composition.
    compositions = [Composition.from_fractions(row) for row in np.random.default_rng(0).dirichlet([0.5] * 6, 1000)]
    moving = iter(compositions * 10)
    landmarks = ((280.0, 190.0), (360.0, 205.0), (318.0, 230.0), (284.0, 262.0), (350.0, 275.0))
    works = {
        "shapes alone": lambda: meme_shapes(next(moving)),
        "SVG text": lambda: meme_svg(next(moving)),
        "48 px": lambda: meme_image(next(moving), 48),
        "200 px": lambda: meme_image(next(moving), 200),
        "600 px": lambda: meme_image(next(moving), 600),
        "overlaid on a box of 130 px, rotated": lambda: overlay_meme(
            frame, Box(255, 150, 130, 130), next(moving), landmarks
        ),
    }
    frame_copy = frame.copy()
    return [(what, *compare(work, lambda: analyzer.analyze_array(frame_copy), rounds)) for what, work in works.items()]


def draw_sheet() -> RGBImage:
    """Draw the pure emotions around neutral, and below them all pairs in equal fractions."""
    large, small, columns = 200, 150, 5
    width, ring = columns * (small + 20), 640
    canvas = Canvas(np.full((ring + 3 * (small + 40), width, 3), 255, np.uint8))
    others = [emotion for emotion in EMOTIONS if emotion is not Emotion.NEUTRAL]
    positions: list[tuple[Emotion, float, float]] = [(Emotion.NEUTRAL, 0.0, 0.0)]
    for number, around in enumerate(others):
        angle = 2 * math.pi * number / len(others)
        positions.append((around, 290 * math.sin(angle), -205 * math.cos(angle)))
    for emotion, x, y in positions:
        _put(canvas, (emotion,), width / 2 + x, ring / 2 + 15 + y, large)
    for number, pair in enumerate(combinations(EMOTIONS, 2)):
        row, column = divmod(number, columns)
        _put(canvas, pair, (column + 0.5) * width / columns, ring + row * (small + 40) + small / 2, small)
    return canvas.pixels


def _put(canvas: Canvas, emotions: tuple[Emotion, ...], x: float, y: float, size: int) -> None:
    fraction = 1 / len(emotions)
    image = meme_image(
        Composition.from_fractions([fraction if emotion in emotions else 0.0 for emotion in EMOTIONS]), size
    )
    left, top = round(x - size / 2), round(y - size / 2)
    below = canvas.pixels[top : top + size, left : left + size]
    alpha = image[..., 3:] / 255
    below[:] = np.rint(below * (1 - alpha) + image[..., :3] * alpha)
    text = " + ".join(emotions)
    canvas.text(x - text_width(text, 13) / 2, top + size + 10, text, 13, _INK)


def main() -> None:
    """Measure and print a Markdown record, or draw the sheet."""
    parser = argparse.ArgumentParser(description="Cost of drawing meme faces.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--detector", default="haar")
    parser.add_argument("--detector-weights", type=Path)
    parser.add_argument("--sheet", type=Path, help="draw the sheet to this PNG file instead")
    args = parser.parse_args()
    if args.sheet:
        args.sheet.write_bytes(encode_png(draw_sheet()))
        return
    rows = measure(args.rounds, args.detector, args.detector_weights)
    print(f"# Meme faces, {today()}\n")
    print(f"`python -m benchmarks.memes --rounds {args.rounds} --detector {args.detector}` at commit {commit()}.")
    print(f"{machine()}, OpenCV {cv2.__version__}.")
    print("One face a call, another composition each time, beside analyzing a 640x480 frame with one face; medians of")
    print(f"runs taken in turns. A face of 200 pixels must cost at most {LIMIT:g} of the analysis.\n")
    print("| what | drawing, ms | analyzing, ms | ratio |\n|---|---|---|---|")
    for what, drawing, analyzing in rows:
        print(f"| {what} | {drawing * 1e3:.2f} | {analyzing * 1e3:.1f} | {drawing / analyzing:.3f} |")


if __name__ == "__main__":
    main()

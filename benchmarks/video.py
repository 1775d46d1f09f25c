"""Cost of video: the headless pass, the frame rate of the live window, and memory on a long clip.

    python -m benchmarks.video [--detector yunet --detector-weights FILE] [--rounds 5]
    python -m benchmarks.video --memory
    xvfb-run -a python -m benchmarks.video --window 12

The clips are made of the public-domain portrait. Prints a Markdown record for this folder; --window measures the
live window only and needs a display.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.provenance import commit, machine, today
from benchmarks.reading import ASTRONAUT, compare
from mememoji.analyzer import Analyzer
from mememoji.detection.registry import make_detector
from mememoji.image_io import read_image
from mememoji.tracking.face_tracking import FaceTracking
from mememoji.video.processing import OutputPaths, process_video, track_frames
from mememoji.video.video_encoder import VideoEncoder
from mememoji.video.video_reader import VideoReader


def make_clip(path: Path, seconds: float, rate: float, size: tuple[int, int]) -> Path:
    """Write a clip of the moving portrait: one face."""
    width, height = size
    portrait = read_image(ASTRONAUT)
    with VideoEncoder(path, width, height, rate) as encoder:
        for number in range(round(seconds * rate)):
            t = number / rate
            scale = height / 400
            turn = cv2.getRotationMatrix2D((225, 130), 5 * np.sin(t), scale)
            turn[:, 2] += np.array([width / 2 - 225 + 0.1 * width * np.sin(0.7 * t), height * 0.4 - 130])
            frame = cv2.warpAffine(portrait, turn, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(90, 96, 104))
            encoder.write(np.asarray(frame, np.uint8), t)
    return path


def time_headless(clip: Path, analyzer: Analyzer, rounds: int) -> tuple[float, float]:
    """Time a clip from file to timeline, and detector and classifier alone on decoded frames."""
    frames = [frame.image for frame in VideoReader(clip)]
    with tempfile.TemporaryDirectory() as folder:
        outputs = OutputPaths(timeline=Path(folder, "timeline.csv"))

        def alone() -> None:
            for image in frames:
                analyzer.classify_faces(image, analyzer.detector.detect(image))

        faces = [
            len(tracked.track_ids)
            for _, tracked in track_frames(VideoReader(clip), analyzer, FaceTracking())
            if tracked
        ]
        assert min(faces) == max(faces) == 1, "the clip shows one face"
        return compare(lambda: process_video(VideoReader(clip), analyzer, outputs), alone, rounds)


def peak_memory(clip: Path, folder: Path) -> float:
    """Return the peak memory of `mememoji video` with all its outputs, in MiB."""
    outputs = [
        f"--{name}={folder / file}"
        for name, file in (("out", "o.mp4"), ("csv", "o.csv"), ("summary", "o.json"), ("plot", "o.png"))
    ]
    program = (
        "import resource, sys\nfrom mememoji.cli import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", program, "video", str(clip), "--detector", "haar", *outputs]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def window_rate(clip: Path, analyzer: Analyzer, seconds: float) -> str:
    """Return the frame rate of the window with boxes and bars, and its latency, as text."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from mememoji.live.capture import Capture
    from mememoji.live.session import Session
    from mememoji.live.window import LiveWindow

    app = QApplication.instance() or QApplication([])
    session = Session(Capture(str(clip)), analyzer)
    window = LiveWindow(session, Path(tempfile.gettempdir()))
    shown: list[float] = []
    show = window.image_view.show_image

    def count(image: object) -> None:
        shown.append(time.perf_counter())
        show(image)  # type: ignore[arg-type]

    window.image_view.show_image = count  # type: ignore[method-assign]
    session.start()
    window.show()
    QTimer.singleShot(int(seconds * 1000), window.close)
    app.exec()
    counted = [at for at in shown if at > shown[0] + 2]
    rate = (len(counted) - 1) / (counted[-1] - counted[0])
    return f"{rate:.1f} frames a second shown over {counted[-1] - counted[0]:.0f} s; at the end {window.status.text()}"


def main() -> None:
    """Measure and print a Markdown record."""
    parser = argparse.ArgumentParser(description="Cost of video.")
    parser.add_argument("--detector", default="compact")
    parser.add_argument("--detector-weights", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=float, metavar="SECONDS", help="measure the live window for this duration")
    parser.add_argument("--memory", action="store_true", help="measure memory only, which takes minutes")
    args = parser.parse_args()
    analyzer = Analyzer(make_detector(args.detector, args.detector_weights))
    print(f"# Video, {today()}\n")
    print(f"`python -m benchmarks.video {' '.join(sys.argv[1:])}` at commit {commit()}, {analyzer.detector.name}.")
    print(f"{machine()}, OpenCV {cv2.__version__}, PyAV {av.__version__}.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.window:
            clip = make_clip(folder / "long.mp4", args.window + 2, 60, (640, 480))
            print(window_rate(clip, analyzer, args.window))
            return
        print("| what | ours | against | ratio | at most |\n|---|---|---|---|---|")
        if args.memory:
            short = peak_memory(make_clip(folder / "minute.mp4", 60, 5, (160, 120)), folder)
            long = peak_memory(make_clip(folder / "ten.mp4", 600, 5, (160, 120)), folder)
            print(f"| peak of ten minutes / of one, MiB | {long:.0f} | {short:.0f} | {long / short:.2f} | 1.1 |")
            return
        frames = 50
        clip = make_clip(folder / "clip.mp4", frames / 25, 25, (640, 480))
        ours, alone = time_headless(clip, analyzer, args.rounds)
        print(
            f"| 640x480, one face: file to timeline / detector and classifier, ms a frame | {ours / frames * 1e3:.1f} "
            f"| {alone / frames * 1e3:.1f} | {ours / alone:.2f} | 1.3 |"
        )


if __name__ == "__main__":
    main()

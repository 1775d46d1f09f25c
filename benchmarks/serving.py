"""What the service adds to reading images: its throughput beside the bare analyzer's, and its latency under load.

    python -m benchmarks.serving [--rounds 4] [--seconds 6] [--latency-seconds 40]

Two workers of `mememoji serve` with its default settings, and two processes of an `Analyzer` each, read the same
640x480 JPEGs in turns. Then requests arrive at 80 % of the service's rate, evenly spaced, whether earlier ones are
answered or not; a latency counts from the moment at which its request was to be sent. The load generator runs on the
same cores, on uvloop, which takes the least of them. Prints a Markdown record.
"""

import argparse
import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
import uvloop

from benchmarks.provenance import commit, machine
from benchmarks.reading import ASTRONAUT
from benchmarks.served import Answer, Served, ask, read_answer, upload
from mememoji.analyzer import Analyzer
from mememoji.classification.shipped_classifiers import shipped_classifier
from mememoji.image_io import encode_jpeg, read_image

PROCESSES = 2
CALLERS = 8
"""Requests under way at once when the rate is sought."""
LOAD = 0.8


def pictures() -> list[bytes]:
    """Eight JPEGs of 640x480: the portrait at half its size at several places of a gray ground, with its one face."""
    portrait = cv2.resize(np.asarray(read_image(ASTRONAUT)), (400, 400), interpolation=cv2.INTER_AREA)
    made = []
    for number in range(8):
        ground: npt.NDArray[np.uint8] = np.full((480, 640, 3), 128, np.uint8)
        x, y = 30 * number, 10 * number
        ground[y : y + 400, x : x + 400] = portrait if number % 2 else portrait[:, ::-1]
        made.append(encode_jpeg(ground))
    return made


def read_on(contents: list[bytes], seconds: float, start: Barrier, counts: "Queue[int]") -> None:
    """One process of the bare analyzer, each time that the others are ready too."""
    # As the service has it: with a process for each core, threads beside it only get in the way.
    cv2.setNumThreads(1)
    analyzer = Analyzer(classifier=shipped_classifier(threads=1))
    assert all(len(analyzer.analyze(content).faces) == 1 for content in contents)
    while True:
        start.wait()
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            analyzer.analyze(contents[count % len(contents)])
            count += 1
        counts.put(count)


def busy_seconds() -> float:
    """Time of the CPU that all of this machine have used since it started, and what its host took from it."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Bare:
    """Analyzers in processes of their own."""

    def __init__(self, contents: list[bytes], seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._seconds = seconds
        self._start = context.Barrier(PROCESSES + 1)
        self._counts: Queue[int] = context.Queue()
        given = (contents, seconds, self._start, self._counts)
        self._processes = [context.Process(target=read_on, args=given, daemon=True) for _ in range(PROCESSES)]
        for process in self._processes:
            process.start()

    def rate(self) -> float:
        """Images read in a second, over all processes."""
        self._start.wait()
        return sum(self._counts.get(timeout=self._seconds + 30) for _ in self._processes) / self._seconds

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
            process.join()


def check(answer: Answer) -> None:
    """Every request is a good one, so every answer has its face."""
    assert answer.status == 200, answer
    assert len(answer.json()["faces"]) == 1


async def served_rate(port: int, requests: list[bytes], seconds: float) -> float:
    """Images answered in a second, with so many callers that each sends the next when it has its answer."""
    end = time.perf_counter() + seconds
    answers: list[Answer] = []

    async def call(number: int) -> None:
        # Kept open from request to request, as clients of every kind keep theirs.
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        while time.perf_counter() < end:
            writer.write(requests[number % len(requests)])
            answer = await read_answer(reader)
            if time.perf_counter() < end:
                answers.append(answer)
            number += 1
        writer.close()

    await asyncio.gather(*map(call, range(CALLERS)))
    for answer in answers:
        check(answer)
    return len(answers) / seconds


async def latencies(port: int, requests: list[bytes], rate: float, seconds: float) -> list[float]:
    """Seconds from the moment at which each request was to be sent to its answer; they arrive evenly spaced."""
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.1
    found: list[float] = []

    async def call(number: int) -> None:
        intended = start + number / rate
        await asyncio.sleep(intended - loop.time())
        answer = await ask(port, requests[number % len(requests)])
        found.append(loop.time() - intended)
        check(answer)

    await asyncio.gather(*map(call, range(int(rate * seconds))))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the service adds to reading images.")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each turn")
    parser.add_argument("--latency-seconds", type=float, default=40.0)
    options = parser.parse_args()
    contents = pictures()
    requests = [upload(content) for content in contents]
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        alone = Bare(contents, options.seconds)
        with Served(Path(folder), f"sqlite:///{folder}/photos.db", workers=PROCESSES) as service:
            uvloop.run(served_rate(service.port, requests, 3.0))  # both workers are warm
            before = time.process_time()
            for _ in range(options.rounds):
                bare.append(alone.rate())
                ours.append(uvloop.run(served_rate(service.port, requests, options.seconds)))
            generator = (time.process_time() - before) / (options.rounds * options.seconds)
            alone.close()
            rate = LOAD * statistics.median(ours)
            others = busy_seconds() - service.processor_seconds() - time.process_time()
            waited = uvloop.run(latencies(service.port, requests, rate, options.latency_seconds))
            others = busy_seconds() - service.processor_seconds() - time.process_time() - others
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    median, late = np.percentile(waited, [50, 99])
    versions = f"ONNX Runtime {onnxruntime.__version__}, OpenCV {cv2.__version__}"
    print("## Throughput and latency\n")
    print(
        f"`python -m benchmarks.serving --rounds {options.rounds} --seconds {options.seconds:g} --latency-seconds "
        f"{options.latency_seconds:g}` at commit {commit()}."
    )
    print(f"{machine()}, {versions}.\n")
    print("| what | service, two workers | bare analyzer, two processes | ratio | asked |\n|---|---|---|---|---|")
    print(
        f"| 640x480 JPEGs a second, medians of {options.rounds} turns | {statistics.median(ours):.1f} | "
        f"{statistics.median(bare):.1f} | {ratio:.2f} | at least 0.8 |\n"
    )
    print(f"Turns: {', '.join(f'{mine:.1f} to {theirs:.1f}' for mine, theirs in zip(ours, bare, strict=True))}.")
    print(f"The generator took {generator:.1%} of one core.\n")
    print("| open arrivals at 80 % of that | median, ms | p99, ms | p99 / median | asked |\n|---|---|---|---|---|")
    print(
        f"| {len(waited):,} requests, {rate:.1f} a second | {median * 1e3:.0f} | {late * 1e3:.0f} | "
        f"{late / median:.1f} | under 5 |\n"
    )
    print(f"Meanwhile other programs took {others / options.latency_seconds:.1%} of one core.")


if __name__ == "__main__":
    main()

"""Overhead of the service: its throughput relative to the bare analyzer, and its latency under load.

    python -m benchmarks.serving [--rounds 4] [--seconds 6] [--latency-seconds 40]

Two workers of `mememoji serve` with its default settings, and two processes of an `Analyzer` each, analyze the
same 640x480 JPEGs in turns. Then requests arrive at 80 % of the service's rate, evenly spaced, whether or not earlier
ones are answered; a latency is measured from the intended time of sending. The load generator runs on the same cores,
on uvloop, which uses the least CPU. Prints a Markdown record.
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
from benchmarks.served import Response, Served, ask, read_response, upload
from mememoji.analyzer import Analyzer
from mememoji.classification.shipped_classifiers import load_shipped_classifier
from mememoji.image_io import encode_jpeg, read_image

PROCESSES = 2
CLIENTS = 8
"""Concurrent requests when the rate is measured."""
LOAD = 0.8


def make_images() -> list[bytes]:
    """Return eight JPEGs of 640x480: the portrait at several positions on a gray background, one face each."""
    portrait = cv2.resize(np.asarray(read_image(ASTRONAUT)), (400, 400), interpolation=cv2.INTER_AREA)
    made = []
    for number in range(8):
        ground: npt.NDArray[np.uint8] = np.full((480, 640, 3), 128, np.uint8)
        x, y = 30 * number, 10 * number
        ground[y : y + 400, x : x + 400] = portrait if number % 2 else portrait[:, ::-1]
        made.append(encode_jpeg(ground))
    return made


def analyze_rounds(contents: list[bytes], seconds: float, start: Barrier, counts: "Queue[int]") -> None:
    """Run one process of the bare analyzer; each round starts when all processes are ready."""
    # As in the service: with a process per core, further threads only compete.
    cv2.setNumThreads(1)
    analyzer = Analyzer(classifier=load_shipped_classifier(num_threads=1))
    assert all(len(analyzer.analyze(content).faces) == 1 for content in contents)
    while True:
        start.wait()
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            analyzer.analyze(contents[count % len(contents)])
            count += 1
        counts.put(count)


def busy_seconds() -> float:
    """Return the CPU time of all processes of this machine, and time stolen by its host, in seconds."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class BareAnalyzers:
    """Analyzers in separate processes."""

    def __init__(self, contents: list[bytes], seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._seconds = seconds
        self._start = context.Barrier(PROCESSES + 1)
        self._counts: Queue[int] = context.Queue()
        given = (contents, seconds, self._start, self._counts)
        self._processes = [context.Process(target=analyze_rounds, args=given, daemon=True) for _ in range(PROCESSES)]
        for process in self._processes:
            process.start()

    def rate(self) -> float:
        """Return images per second over all processes."""
        self._start.wait()
        return sum(self._counts.get(timeout=self._seconds + 30) for _ in self._processes) / self._seconds

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
            process.join()


def check(response: Response) -> None:
    """Require that a response has its one face."""
    assert response.status == 200, response
    assert len(response.json()["faces"]) == 1


async def served_rate(port: int, requests: list[bytes], seconds: float) -> float:
    """Return images per second, with `CLIENTS` clients that send the next request on each response."""
    end = time.perf_counter() + seconds
    responses: list[Response] = []

    async def call(number: int) -> None:
        # A persistent connection, as HTTP clients use it.
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        while time.perf_counter() < end:
            writer.write(requests[number % len(requests)])
            response = await read_response(reader)
            if time.perf_counter() < end:
                responses.append(response)
            number += 1
        writer.close()

    await asyncio.gather(*map(call, range(CLIENTS)))
    for response in responses:
        check(response)
    return len(responses) / seconds


async def latencies(port: int, requests: list[bytes], rate: float, seconds: float) -> list[float]:
    """Return the seconds from the intended time of sending to the response, for evenly spaced requests."""
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.1
    found: list[float] = []

    async def call(number: int) -> None:
        intended = start + number / rate
        await asyncio.sleep(intended - loop.time())
        response = await ask(port, requests[number % len(requests)])
        found.append(loop.time() - intended)
        check(response)

    await asyncio.gather(*map(call, range(int(rate * seconds))))
    return found


def main() -> None:
    """Measure and print a Markdown record."""
    parser = argparse.ArgumentParser(description="Overhead of the service.")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6.0, help="duration of each turn")
    parser.add_argument("--latency-seconds", type=float, default=40.0)
    args = parser.parse_args()
    contents = make_images()
    requests = [upload(content) for content in contents]
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        alone = BareAnalyzers(contents, args.seconds)
        with Served(Path(folder), f"sqlite:///{folder}/images.db", workers=PROCESSES) as service:
            uvloop.run(served_rate(service.port, requests, 3.0))  # both workers are warm
            before = time.process_time()
            for _ in range(args.rounds):
                bare.append(alone.rate())
                ours.append(uvloop.run(served_rate(service.port, requests, args.seconds)))
            generator = (time.process_time() - before) / (args.rounds * args.seconds)
            alone.close()
            rate = LOAD * statistics.median(ours)
            others = busy_seconds() - service.cpu_seconds() - time.process_time()
            waited = uvloop.run(latencies(service.port, requests, rate, args.latency_seconds))
            others = busy_seconds() - service.cpu_seconds() - time.process_time() - others
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    median, late = np.percentile(waited, [50, 99])
    versions = f"ONNX Runtime {onnxruntime.__version__}, OpenCV {cv2.__version__}"
    print("## Throughput and latency\n")
    print(
        f"`python -m benchmarks.serving --rounds {args.rounds} --seconds {args.seconds:g} --latency-seconds "
        f"{args.latency_seconds:g}` at commit {commit()}."
    )
    print(f"{machine()}, {versions}.\n")
    print("| what | service, two workers | bare analyzer, two processes | ratio | required |\n|---|---|---|---|---|")
    print(
        f"| 640x480 JPEGs a second, medians of {args.rounds} turns | {statistics.median(ours):.1f} | "
        f"{statistics.median(bare):.1f} | {ratio:.2f} | at least 0.8 |\n"
    )
    print(f"Turns: {', '.join(f'{mine:.1f} to {theirs:.1f}' for mine, theirs in zip(ours, bare, strict=True))}.")
    print(f"The load generator used {generator:.1%} of one core.\n")
    print("| open arrivals at 80 % of that | median, ms | p99, ms | p99 / median | required |\n|---|---|---|---|---|")
    print(
        f"| {len(waited):,} requests, {rate:.1f} a second | {median * 1e3:.0f} | {late * 1e3:.0f} | "
        f"{late / median:.1f} | under 5 |\n"
    )
    print(f"Meanwhile other programs used {others / args.latency_seconds:.1%} of one core.")


if __name__ == "__main__":
    main()

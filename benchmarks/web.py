"""Speed of the web app: size and time of the first load, and live frames per second.

    python -m benchmarks.web [--seconds 10] [--chromium /usr/bin/chromium]

Starts `mememoji serve` and a headless Chromium on this machine, whose camera is a file made from NASA's portrait of
Eileen Collins, moved about in 640x480. Prints a Markdown result for benchmarks/results.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.provenance import commit, machine, today
from tests.web.app_server import CHROMIUM_ARGUMENTS, fake_camera_arguments, run_service, write_camera_video

ROUNDS = 5
MAX_KILOBYTES = 150
MAX_TASK_MS = 200
MIN_FRAMES = 15

# Recorded by the page from its start.
OBSERVE = """
window.tasks = []; window.shifts = 0;
new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(e => e.duration)))
  .observe({type: "longtask", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.shifts += e.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


def open_page(browser: Browser, **given: Any) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, permissions=["camera"], **given).new_page()
    page.add_init_script(OBSERVE)
    return page


def first_load(browser: Browser, address: str) -> dict[str, float]:
    """Load the page without a cache: transferred kB without images, milliseconds to first paint, longest task."""
    page = open_page(browser)
    page.goto(address)
    page.get_by_role("heading", name="What does a face show?").wait_for()
    page.wait_for_timeout(1000)
    loaded = page.evaluate(
        """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
            .filter(e => !/\\.(jpg|svg)$/.test(e.name)).reduce((sum, e) => sum + e.transferSize, 0)"""
    )
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    metrics = {"kilobytes": loaded / 1000, "paint": paint, **_read_observers(page)}
    page.context.close()
    return metrics


def reading(browser: Browser, address: str) -> dict[str, float]:
    """Measure the time from a click on the sample image to its faces, and the longest task."""
    page = open_page(browser)
    page.goto(address)
    page.get_by_role("button", name="No image at hand?").wait_for()
    start = time.perf_counter()
    page.get_by_role("button", name="No image at hand?").click()
    page.get_by_role("heading", name="Is this correct?").wait_for()
    metrics = {"milliseconds": (time.perf_counter() - start) * 1000, **_read_observers(page)}
    page.context.close()
    return metrics


def live(browser: Browser, address: str, seconds: int, memes: bool) -> dict[str, float]:
    """Return medians of the metrics that the page shows once per second in a live session."""
    page = open_page(browser)
    page.goto(f"{address}#/live")
    page.get_by_role("button", name="Turn the camera on").click()
    page.locator("[data-face]").first.wait_for()
    page.get_by_label("Meme faces").set_checked(memes)
    page.wait_for_timeout(3000)
    page.evaluate("window.tasks.length = 0")
    rates, times = [], []
    for _ in range(seconds):
        page.wait_for_timeout(1000)
        statistics_line = page.locator(".statistics")
        rates.append(float(statistics_line.locator("[data-fps]").get_attribute("data-fps") or "nan"))
        times.append(float(statistics_line.locator("[data-latency]").get_attribute("data-latency") or "nan"))
    metrics = {"rate": statistics.median(rates), "latency": statistics.median(times), **_read_observers(page)}
    page.context.close()
    return metrics


def _read_observers(page: Page) -> dict[str, float]:
    tasks, shifts = page.evaluate("[window.tasks, window.shifts]")
    return {"longest": max(tasks, default=0), "shifts": shifts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="duration of each live session")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        camera = write_camera_video(Path(folder) / "camera.mjpeg")
        arguments = [*CHROMIUM_ARGUMENTS, *fake_camera_arguments(camera)]
        with run_service(Path(folder)) as address:
            browser = playwright.chromium.launch(executable_path=args.chromium, args=arguments)
            version = browser.version
            loads = [first_load(browser, address) for _ in range(ROUNDS)]
            reads = [reading(browser, address) for _ in range(ROUNDS)]
            boxes = live(browser, address, args.seconds, memes=False)
            memes = live(browser, address, args.seconds, memes=True)
            browser.close()

    def median(metrics: list[dict[str, float]], name: str) -> float:
        return statistics.median(each[name] for each in metrics)

    def largest(name: str) -> float:
        return max(each[name] for each in (*loads, *reads, boxes, memes))

    print(f"# The web app, {today()}\n")
    print(f"`python -m benchmarks.web --seconds {args.seconds}` at commit {commit()}.")
    print(f"{machine()}, service and browser together,")
    print(f"Chromium {version}, headless, without a GPU. Medians of {ROUNDS} visits without a cache.\n")
    print("| what | value | required |")
    print("|---|---|---|")
    print(f"| first load without images, on the wire | {median(loads, 'kilobytes'):.0f} kB | at most {MAX_KILOBYTES} |")
    print(f"| first contentful paint | {median(loads, 'paint'):.0f} ms | |")
    print(f"| sample image, from click to faces | {median(reads, 'milliseconds'):.0f} ms | |")
    print(f"| live, 640x480, boxes: frames per second | {boxes['rate']:.0f} | at least {MIN_FRAMES} |")
    print(f"| live, boxes: from frame to drawn box | {boxes['latency']:.0f} ms | |")
    print(f"| live, meme faces: frames per second | {memes['rate']:.0f} | at least {MIN_FRAMES} |")
    print(f"| live, meme faces: from frame to drawn face | {memes['latency']:.0f} ms | |")
    print(f"| longest task of all of these | {largest('longest'):.0f} ms | at most {MAX_TASK_MS} |")
    print(f"| largest layout shift | {largest('shifts'):.3f} | |")


if __name__ == "__main__":
    main()

"""How quick the web app is: what a first visit loads, when it shows, and how many live frames a second it reads.

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
from tests.web.browsing import CHROMIUM_ARGUMENTS, camera_arguments, serving, write_camera

ROUNDS = 5
MOST_KILOBYTES = 150
LONGEST_TASK = 200
LEAST_FRAMES = 15

# Kept by the page from its first moment on.
OBSERVE = """
window.tasks = []; window.shifts = 0;
new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(e => e.duration)))
  .observe({type: "longtask", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.shifts += e.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


def opened(browser: Browser, **given: Any) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, permissions=["camera"], **given).new_page()
    page.add_init_script(OBSERVE)
    return page


def first_load(browser: Browser, address: str) -> dict[str, float]:
    """A visit with nothing kept: kilobytes on the wire without images, milliseconds to first paint, longest task."""
    page = opened(browser)
    page.goto(address)
    page.get_by_role("heading", name="What does a face show?").wait_for()
    page.wait_for_timeout(1000)
    loaded = page.evaluate(
        """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
            .filter(e => !/\\.(jpg|svg)$/.test(e.name)).reduce((sum, e) => sum + e.transferSize, 0)"""
    )
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    told = {"kilobytes": loaded / 1000, "paint": paint, **_watched(page)}
    page.context.close()
    return told


def reading(browser: Browser, address: str) -> dict[str, float]:
    """From a click on the sample image to its faces, and what that does to the page."""
    page = opened(browser)
    page.goto(address)
    page.get_by_role("button", name="No image at hand?").wait_for()
    start = time.perf_counter()
    page.get_by_role("button", name="No image at hand?").click()
    page.get_by_role("heading", name="Is this right?").wait_for()
    told = {"milliseconds": (time.perf_counter() - start) * 1000, **_watched(page)}
    page.context.close()
    return told


def live(browser: Browser, address: str, seconds: int, memes: bool) -> dict[str, float]:
    """A live session: medians of the figures that the page itself shows once a second."""
    page = opened(browser)
    page.goto(f"{address}#/live")
    page.get_by_role("button", name="Turn the camera on").click()
    page.locator("[data-face]").first.wait_for()
    page.get_by_label("Meme faces").set_checked(memes)
    page.wait_for_timeout(3000)
    page.evaluate("window.tasks.length = 0")
    rates, times = [], []
    for _ in range(seconds):
        page.wait_for_timeout(1000)
        rate, latency = page.locator(".figures span").all_inner_texts()
        rates.append(float(rate.split()[0]))
        times.append(float(latency.split()[0]))
    told = {"rate": statistics.median(rates), "latency": statistics.median(times), **_watched(page)}
    page.context.close()
    return told


def _watched(page: Page) -> dict[str, float]:
    tasks, shifts = page.evaluate("[window.tasks, window.shifts]")
    return {"longest": max(tasks, default=0), "shifts": shifts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="how long each live session is watched")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        camera = write_camera(Path(folder) / "camera.mjpeg")
        arguments = [*CHROMIUM_ARGUMENTS, *camera_arguments(camera)]
        with serving(Path(folder)) as address:
            browser = playwright.chromium.launch(executable_path=given.chromium, args=arguments)
            version = browser.version
            loads = [first_load(browser, address) for _ in range(ROUNDS)]
            reads = [reading(browser, address) for _ in range(ROUNDS)]
            boxes = live(browser, address, given.seconds, memes=False)
            memes = live(browser, address, given.seconds, memes=True)
            browser.close()

    def median(told: list[dict[str, float]], name: str) -> float:
        return statistics.median(each[name] for each in told)

    def largest(name: str) -> float:
        return max(each[name] for each in (*loads, *reads, boxes, memes))

    print(f"# The web app, {today()}\n")
    print(f"`python -m benchmarks.web --seconds {given.seconds}` at commit {commit()}.")
    print(f"{machine()}, service and browser together,")
    print(f"Chromium {version}, headless, without a graphics CPU. Medians of {ROUNDS} visits with nothing kept.\n")
    print("| what | value | wanted |")
    print("|---|---|---|")
    print(
        f"| first load without images, on the wire | {median(loads, 'kilobytes'):.0f} kB | at most {MOST_KILOBYTES} |"
    )
    print(f"| first contentful paint | {median(loads, 'paint'):.0f} ms | |")
    print(f"| sample image, from click to faces | {median(reads, 'milliseconds'):.0f} ms | |")
    print(f"| live, 640x480, boxes: frames read a second | {boxes['rate']:.0f} | at least {LEAST_FRAMES} |")
    print(f"| live, boxes: from frame to drawn box | {boxes['latency']:.0f} ms | |")
    print(f"| live, meme faces: frames read a second | {memes['rate']:.0f} | at least {LEAST_FRAMES} |")
    print(f"| live, meme faces: from frame to drawn face | {memes['latency']:.0f} ms | |")
    print(f"| longest task of all of these | {largest('longest'):.0f} ms | at most {LONGEST_TASK} |")
    print(f"| largest layout shift | {largest('shifts'):.3f} | |")


if __name__ == "__main__":
    main()

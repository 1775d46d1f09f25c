"""Build the site into `site/`, or write the reference pages alone: `python -m tools.docs_site [--reference-only]`."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.docs_site.browser_check import BrowserMissingError, find_browser_problems
from tools.docs_site.built_pages import find_problems
from tools.docs_site.reference import write_reference

ROOT: Final = Path(__file__).resolve().parents[2]


def main() -> int:
    """Return the exit code: 0 where every page was built and every check passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference-only", action="store_true", help="write docs/reference/ and stop")
    arguments = parser.parse_args()

    reference = ROOT / "docs" / "reference"
    shutil.rmtree(reference, ignore_errors=True)
    write_reference(ROOT, reference)
    if arguments.reference_only:
        return 0

    site = ROOT / "site"
    shutil.rmtree(site, ignore_errors=True)
    # Without --clean, pages would come from a cache that does not see changed docstrings.
    build = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=ROOT, check=False)
    if build.returncode:
        return build.returncode
    problems = find_problems(site)
    try:
        problems += find_browser_problems(site)
    except BrowserMissingError as error:
        sys.stderr.write(f"pages not opened in a browser: {error}\n")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    sys.stderr.write(f"{len(list(site.rglob('*.html')))} pages in {site.name}/, {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())

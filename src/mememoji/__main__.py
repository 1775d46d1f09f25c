"""`python -m mememoji`, for where the package lies on the path without being installed."""

from mememoji.cli import main

main()

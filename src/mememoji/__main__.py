"""`python -m mememoji`, for environments in which the package is importable but not installed."""

from mememoji.cli import main

main()

"""The package's version, the only copy."""

__version__ = "0.1.0"

"""ASGI middleware: authentication, limits, request logging and metrics."""

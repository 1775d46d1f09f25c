"""Faces over HTTP: the REST service and its WebSocket."""

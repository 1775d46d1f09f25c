"""Facial expressions over HTTP: the REST service, its WebSocket and the built web app."""

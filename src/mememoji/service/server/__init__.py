"""The server process: workers, event loop, HTTP protocol, memory tuning."""

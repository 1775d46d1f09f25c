"""The analyzer behind the event loop: a bounded thread pool, batching, concurrency limits."""

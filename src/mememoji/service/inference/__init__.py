"""The analyzer behind the event loop: a bounded thread pool whose threads share batches."""

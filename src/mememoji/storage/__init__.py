"""Storage of analyzed images: the detected faces, feedback on them, and optionally the pixels."""

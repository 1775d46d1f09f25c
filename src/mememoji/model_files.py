"""Weights files: where they and their cards are, their hash, and the ONNX Runtime session that runs them."""

import hashlib
from pathlib import Path
from typing import Any

import onnxruntime

from mememoji.errors import ModelError
from mememoji.file_names import to_unicode


def card_path(weights: Path) -> Path:
    """Return the path of a weights file's card: `net.card.json` for `net.onnx`."""
    return weights.with_name(weights.stem + ".card.json")


def compute_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_hash(weights: Path, sha256: str) -> None:
    """Check that a weights file has the hash of its card.

    Raises:
        ModelError: The file is missing or has another hash.
    """
    if not weights.is_file():
        raise ModelError(f"no weights at {weights}; keep them next to their card")
    actual = compute_sha256(weights)
    if actual != sha256:
        raise ModelError(
            f"{weights} does not match its card: expected sha256 {sha256}, got {actual}; use the files of one export"
        )


def find_shipped_file(package: Path, kind: str, name: str = "compact") -> Path:
    """Return a weights file in the folder `shipped` of a package, with its card next to it.

    Args:
        package: The folder of the package.
        kind: The kind of file, as the error message names it: "weights" or "detector weights".
        name: The file name without its suffix.

    Raises:
        ModelError: The file is not part of this installation.
    """
    path = package / "shipped" / f"{name}.onnx"
    if not path.is_file():
        raise ModelError(f"the {kind} {path} are missing; reinstall mememoji, or name another file")
    return path


def load_session(network: Path | bytes, name: str, num_threads: int | None) -> Any:
    """Load an ONNX Runtime session on the CPU.

    Args:
        network: The ONNX file, or its content.
        name: The name of the network in error messages.
        num_threads: The number of threads that one call may use; None leaves it to ONNX Runtime, which uses all cores.

    Raises:
        ModelError: ONNX Runtime cannot run the network.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # warnings about a foreign graph would appear on the caller's stderr
    if num_threads is not None:
        options.intra_op_num_threads = num_threads
    if isinstance(network, Path):
        # ONNX Runtime opens only names that are UTF-8.
        source: str | bytes = str(network) if to_unicode(network) == str(network) else network.read_bytes()
    else:
        source = network
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base class but this one
        raise ModelError(f"{name} must be a network that ONNX Runtime can run: {error}") from error

"""Weights files: each lies beside its card, is known by its hash, and is run by ONNX Runtime."""

import hashlib
import json
from pathlib import Path
from typing import Any

import onnxruntime

from mememoji.errors import ModelError


def card_path(weights: Path) -> Path:
    """Where a weights file's card lies: beside it, `net.onnx` with `net.card.json`."""
    return weights.with_name(weights.stem + ".card.json")


def read_card(path: Path, form: int) -> dict[str, Any]:
    """A card's fields as they stand in its JSON, but for the form.

    Raises:
        ModelError: no such file, no JSON, or a card of another form, which is refused instead of guessed at.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"no model card at {path}; weights never travel without one") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no model card: {error}") from error
    if not isinstance(content, dict) or content.pop("format", None) != form:
        raise ModelError(f"{path} is no model card of form {form}")
    return content


def write_card(content: dict[str, Any], path: Path) -> None:
    """Write a card's fields, its form among them, as JSON."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    """A file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_hash(weights: Path, sha256: str) -> None:
    """Check that a weights file is the one that its card speaks of.

    Raises:
        ModelError: no such file, or another hash.
    """
    if not weights.is_file():
        raise ModelError(f"no weights at {weights}")
    found = sha256_of(weights)
    if found != sha256:
        raise ModelError(f"{weights} is not what its card speaks of: expected sha256 {sha256}, got {found}")


def shipped_file(room: Path, what: str, name: str = "compact") -> Path:
    """The weights file that a room of the package holds in its folder `shipped`, its card beside it.

    Args:
        room: the room's folder.
        what: what the error calls it: "weights", "detector weights".
        name: the file's name without its suffix.

    Raises:
        ModelError: this installation holds none.
    """
    path = room / "shipped" / f"{name}.onnx"
    if not path.is_file():
        raise ModelError(f"this installation holds no {what}: expected {path}; reinstall mememoji, or name others")
    return path


def load_network(network: Path | bytes, name: str, threads: int | None) -> Any:
    """An ONNX Runtime session on the CPU, from a file or its bytes.

    Args:
        network: the ONNX file, or what stands in one.
        name: what errors call it.
        threads: how many threads one call may use; None leaves it to ONNX Runtime, which takes every core.

    Raises:
        ModelError: it is no network that ONNX Runtime can run.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # warnings about a foreign graph would land on the caller's stderr
    if threads is not None:
        options.intra_op_num_threads = threads
    source = network if isinstance(network, bytes) else str(network)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base class but this one
        raise ModelError(f"{name} is no network that ONNX Runtime can run: {error}") from error

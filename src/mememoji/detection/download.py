"""A weights file that is downloaded once, by an explicit command, and checked by its hash each time it is used."""

import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.errors import ModelError, RunError

TIMEOUT: Final = 30.0
"""Seconds that a server may keep silent."""


@dataclass(frozen=True, slots=True)
class Download:
    """A weights file, and where it comes from.

    Attributes:
        detector: the detector that needs it.
        file_name: its name in the data folder.
        url: http or https.
        sha256: of its content, in hex.
        max_bytes: a longer answer is refused.
        license: of the weights, for the user to see.
    """

    detector: str
    file_name: str
    url: str
    sha256: str
    max_bytes: int
    license: str

    @property
    def path(self) -> Path:
        """Where the file lies once it is downloaded.

        Raises:
            RunError: there is no data folder.
        """
        return data_folder() / "detectors" / self.file_name

    def is_there(self) -> bool:
        """Whether the file lies in the data folder, whole."""
        try:
            return self.path.is_file() and self._fits(self.path.read_bytes())
        except (OSError, RunError):
            return False

    def checked(self) -> Path:
        """The file's path, once its hash was checked.

        Raises:
            ModelError: it is not there, or not the right one.
        """
        path = self.path
        if not path.is_file():
            raise ModelError(
                f"the detector {self.detector!r} needs its weights at {path}: run `mememoji detector fetch "
                f"{self.detector}`, or hand in a file"
            )
        if not self.is_there():
            raise ModelError(
                f"{path} is not the file it should be: expected sha256 {self.sha256}; run `mememoji detector fetch "
                f"{self.detector}` again"
            )
        return path

    def fetch(self, *, url: str | None = None, timeout: float = TIMEOUT) -> Path:
        """Download the file into the data folder, unless it lies there already.

        It appears there by a rename, after its hash was checked: never half of it, never another one.

        Args:
            url: another place to take it from, http or https; the hash stays.
            timeout: seconds that the server may keep silent.

        Raises:
            RunError: the server does not answer, gives another file, or the data folder cannot be written.
        """
        path = self.path
        if self.is_there():
            return path
        content = self._answer(url or self.url, timeout)
        if not self._fits(content):
            found = hashlib.sha256(content).hexdigest()
            raise RunError(
                f"{url or self.url} gave another file: expected sha256 {self.sha256}, got {found}; nothing was kept"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as beside:
                whole = Path(beside, self.file_name)
                whole.write_bytes(content)
                whole.replace(path)
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}; MEMEMOJI_HOME names another folder") from error
        return path

    def _answer(self, url: str, timeout: float) -> bytes:
        # Imported here because they cost about 35 ms, which every command would pay and only this one needs.
        import http.client
        import urllib.error
        import urllib.request

        instead = f"download it in another way and place it at {self.path}"
        if not url.startswith(("https://", "http://")):
            raise RunError(f"expected an http or https address, got {url}")
        try:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                content: bytes = answer.read(self.max_bytes + 1)
        except urllib.error.HTTPError as error:
            error.close()
            raise RunError(f"{url} answered {error.code} {error.reason}; {instead}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise RunError(f"cannot download {url}: {reason}; {instead}") from error
        if len(content) > self.max_bytes:
            raise RunError(f"{url} gave more than {self.max_bytes:,} bytes, so it is not the file expected; {instead}")
        return content

    def _fits(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.sha256


YUNET: Final = Download(
    detector="yunet",
    file_name="face_detection_yunet_2023mar.onnx",
    url="https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    max_bytes=2**20,
    license="MIT",
)


def data_folder() -> Path:
    """The folder for what this user downloaded: MEMEMOJI_HOME, or else where the platform keeps such things.

    It need not exist.

    Raises:
        RunError: the user has no home folder.
    """
    if home := os.environ.get("MEMEMOJI_HOME"):
        return Path(home)
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local, "mememoji")
    # The XDG base directory specification has relative paths ignored.
    if (xdg := os.environ.get("XDG_DATA_HOME")) and Path(xdg).is_absolute():
        return Path(xdg, "mememoji")
    try:
        user = Path.home()
    except RuntimeError as error:
        raise RunError("no home folder to keep downloads in; MEMEMOJI_HOME names one") from error
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "mememoji"
    return user / ".local" / "share" / "mememoji"

"""Weights files that an explicit command downloads once, checked by their hash at each use."""

import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememoji.errors import ModelError, RunError

TIMEOUT: Final = 30.0
"""The time in seconds without data from the server after which a download fails."""


@dataclass(frozen=True, slots=True)
class DownloadableWeights:
    """A weights file on a server.

    Attributes:
        detector: The name of the detector that needs it.
        file_name: The name of the file in the data folder.
        url: The HTTP or HTTPS URL.
        sha256: The SHA-256 of the content in hex.
        max_bytes: The maximum size in bytes; a longer response is rejected.
        license: The license of the weights, as shown to the user.
    """

    detector: str
    file_name: str
    url: str
    sha256: str
    max_bytes: int
    license: str

    @property
    def path(self) -> Path:
        """The path of the file after the download.

        Raises:
            RunError: The user has no data folder.
        """
        return data_folder() / "detectors" / self.file_name

    def is_downloaded(self) -> bool:
        """Return whether the data folder contains the complete file."""
        try:
            return self.path.is_file() and self._has_expected_hash(self.path.read_bytes())
        except (OSError, RunError):
            return False

    def get_verified_path(self) -> Path:
        """Return the path of the file after checking its hash.

        Raises:
            ModelError: The file is missing, or its hash differs.
        """
        path = self.path
        if not path.is_file():
            raise ModelError(
                f"the detector {self.detector!r} needs its weights at {path}: run `mememoji detector download "
                f"{self.detector}`, or pass a file"
            )
        if not self.is_downloaded():
            raise ModelError(
                f"{path} must have the sha256 {self.sha256}; run `mememoji detector download {self.detector}` again"
            )
        return path

    def download(self, *, url: str | None = None, timeout: float = TIMEOUT) -> Path:
        """Download the file into the data folder, unless it has been downloaded before.

        The file is renamed into place after its hash was checked, so an incomplete or wrong one never appears there.

        Args:
            url: An alternative HTTP or HTTPS URL; the expected hash is the same.
            timeout: The time in seconds without data from the server after which the download fails.

        Raises:
            RunError: The server does not respond, sends another file, or the data folder cannot be written.
        """
        path = self.path
        if self.is_downloaded():
            return path
        content = self._request(url or self.url, timeout)
        if not self._has_expected_hash(content):
            found = hashlib.sha256(content).hexdigest()
            raise RunError(f"{url or self.url} must have the sha256 {self.sha256}, got {found}; the file was discarded")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".download-") as folder:
                partial = Path(folder, self.file_name)
                partial.write_bytes(content)
                partial.replace(path)
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}; set MEMEMOJI_HOME to another folder") from error
        return path

    def _request(self, url: str, timeout: float) -> bytes:
        # Imported here because they take about 35 ms, which only this command needs.
        import http.client
        import urllib.error
        import urllib.request

        alternative = f"download it in another way and save it as {self.path}"
        if not url.startswith(("https://", "http://")):
            raise RunError(f"url must begin with http:// or https://, got {url}")
        try:
            with urllib.request.urlopen(url, timeout=timeout) as response:
                content: bytes = response.read(self.max_bytes + 1)
        except urllib.error.HTTPError as error:
            error.close()
            raise RunError(f"{url} responded with {error.code} {error.reason}; {alternative}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise RunError(f"cannot download {url}: {reason}; {alternative}") from error
        if len(content) > self.max_bytes:
            raise RunError(f"{url} must respond with at most {self.max_bytes:,} bytes, got more; {alternative}")
        return content

    def _has_expected_hash(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.sha256


YUNET: Final = DownloadableWeights(
    detector="yunet",
    file_name="face_detection_yunet_2023mar.onnx",
    url="https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    max_bytes=2**20,
    license="MIT",
)


def data_folder() -> Path:
    """Return the folder for this user's downloads: MEMEMOJI_HOME, or the platform's folder for application data.

    The folder may not exist yet.

    Raises:
        RunError: The user has no home folder.
    """
    if home := os.environ.get("MEMEMOJI_HOME"):
        return Path(home)
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local, "mememoji")
    # The XDG base directory specification requires relative paths to be ignored.
    if (xdg := os.environ.get("XDG_DATA_HOME")) and Path(xdg).is_absolute():
        return Path(xdg, "mememoji")
    try:
        user = Path.home()
    except RuntimeError as error:
        raise RunError("downloads need a folder, but the user has no home; set MEMEMOJI_HOME to one") from error
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "mememoji"
    return user / ".local" / "share" / "mememoji"

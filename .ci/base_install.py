"""Check the base install on any system: build the wheel, install it without extras, run what it promises.

    python .ci/base_install.py [WHEEL]

Works on Linux, macOS and Windows with the interpreter that runs it, and needs no package beside pip.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGE = ROOT / "docs" / "images" / "astronaut.png"
COMMANDS = ("predict", "video", "live", "serve", "store", "data", "train", "evaluate", "convert", "detector", "model")
FRAMEWORKS = ("torch", "tensorflow", "pyarrow", "matplotlib", "fastapi", "PySide6")


def run(*command: str) -> str:
    """Run a command and return its standard output; its errors go to the console."""
    print("+", *command, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder, "venv"), with_pip=True)
        binaries = Path(folder, "venv", "Scripts" if os.name == "nt" else "bin")
        python = str(binaries / "python")
        run(python, "-m", "pip", "install", "--quiet", sys.argv[1] if len(sys.argv) > 1 else str(ROOT))
        os.chdir(folder)  # so that nothing is imported from the checkout
        mememoji = str(binaries / "mememoji")
        run(mememoji, "--version")
        for command in COMMANDS:
            run(mememoji, command, "--help")
        (result,) = json.loads(run(mememoji, "predict", str(IMAGE), "--json"))
        (face,) = result["faces"]
        if face["top"] != "happy":
            raise SystemExit(f"the face in {IMAGE.name} must be happy, got {face['top']}")
        installed = {item["name"] for item in json.loads(run(python, "-m", "pip", "list", "--format", "json"))}
        unwanted = sorted(installed & set(FRAMEWORKS))
        if unwanted:
            raise SystemExit(f"the base install must bring no framework, got {', '.join(unwanted)}")
    print("base install: passed")


if __name__ == "__main__":
    main()

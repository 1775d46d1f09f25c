"""The example notebooks, executed in kernels of their own."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
TIMEOUT = 120
"""The maximum time for one cell, in seconds; a notebook takes less than a minute on an idle core."""


def read_notebook(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_examples_has_all_notebooks() -> None:
    names = ["images", "own_dataset_training", "own_detector", "service_client", "video"]
    assert [path.stem for path in NOTEBOOKS] == names


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    for cell in read_notebook(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.notebooks
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path) -> None:
    from nbclient import NotebookClient

    notebook = read_notebook(path)
    NotebookClient(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(EXAMPLES)}}).execute()

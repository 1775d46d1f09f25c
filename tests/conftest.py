"""Settings and fixtures that tests of several packages share."""

import gc
import os

# Before torch is imported: thread pools of several test processes would only make each other wait.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings

from mememoji.classification.face_classifier import HEADS
from mememoji.classification.model_card import ModelCard
from mememoji.datasets.splits import Split
from mememoji.model_files import card_path, compute_sha256

# No deadline: a busy machine must not fail a test of behavior.
settings.register_profile("mememoji", deadline=None, max_examples=50)
settings.load_profile("mememoji")

ROOT = Path(__file__).resolve().parents[1]

SLOW_FILES = (
    "test_install.py",
    "test_distill.py",
    "test_train.py",
    "test_layout.py",
    "test_live.py",
    "test_openapi.py",
    "test_classifier_trainer.py",
    "test_images.py",
    "test_process.py",
    "test_detector.py",
)
"""Files of tests that take longest: begun first, so that no process is left with one of them at the end."""


# The modules of all tests are hundreds of thousands of objects; looking through them often takes a tenth of the time.
gc.set_threshold(50_000, 20, 20)


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes for `-n auto`: one more than the usable CPUs, hyperthreads included.

    A part of the tests waits for servers, databases and browsers.
    """
    num_cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return num_cpus + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the slow files to the front, in their given order."""
    items.sort(key=lambda item: SLOW_FILES.index(item.path.name) if item.path.name in SLOW_FILES else len(SLOW_FILES))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and images that the repository does not hold; skips where it is missing."""
    folder = Path(os.environ.get("MEMEMOJI_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no data and images at {folder}; MEMEMOJI_SHARED names them")
    return folder


@pytest.fixture(scope="session")
def astronaut_path() -> Path:
    """NASA's portrait of Eileen Collins, 512x512 RGB: one smiling face."""
    return ROOT / "docs" / "images" / "astronaut.png"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder while the test runs: one that does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MEMEMOJI_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def pattern_split() -> Split:
    """70 noisy images, ten for each label, that show a pattern for their label; ten votes each."""
    rng = np.random.default_rng(7)
    labels = np.repeat(np.arange(7, dtype=np.int8), 10)
    noise = rng.normal(0, 1.8, (70, 6, 6))
    tiles = 128 + 24 * (_patterns()[labels] + noise)
    images = np.clip(tiles, 0, 255).astype(np.uint8).repeat(8, axis=1).repeat(8, axis=2)  # (70, 48, 48)
    likely = np.full((7, 10), 0.04) + 0.6 * np.eye(10)[[4, 5, 6, 1, 3, 2, 0]]  # where each label's votes mostly go
    votes = rng.multinomial(10, likely[labels] / likely[labels].sum(axis=1, keepdims=True))
    return Split(np.arange(70, dtype=np.int32), images, labels, votes.astype(np.uint8))


@pytest.fixture(scope="session")
def pooled_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real ONNX network with both heads and its card: pools the image and looks for `pattern_split`'s patterns."""
    from onnx import TensorProto, helper, numpy_helper, save

    kernels = _patterns().reshape(7, 36).astype(np.float32) / 16
    arrays = {"to_labels": kernels, "to_votes": kernels[[6, 3, 5, 4, 0, 1, 2, 0, 0, 0]]}
    arrays["to_votes"][7:] = 0
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["crops"], ["tiles"], kernel_shape=[8, 8], strides=[8, 8]),
            helper.make_node("Flatten", ["tiles"], ["flat"]),
            helper.make_node("Gemm", ["flat", "to_labels"], ["labels"], transB=1),
            helper.make_node("Gemm", ["flat", "to_votes"], ["votes"], transB=1),
        ],
        "pooled",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 1, 48, 48])],
        [helper.make_tensor_value_info(head, TensorProto.FLOAT, ["N", len(names)]) for head, names in HEADS.items()],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    weights = tmp_path_factory.mktemp("pooled") / "pooled.onnx"
    save(model, str(weights))
    ModelCard(
        name="pooled 1",
        network="pooled",
        num_parameters=17 * 36,
        sha256=compute_sha256(weights),
        input_size=48,
        mean=128.0,
        std=24.0,
        outputs=dict(HEADS),
        trained_on="nothing",
        license="MIT",
    ).write(card_path(weights))
    return weights


def _patterns() -> npt.NDArray[np.float64]:
    """(7, 6, 6) of minus and plus one."""
    return np.where(np.random.default_rng(3).random((7, 6, 6)) < 0.5, -1.0, 1.0)

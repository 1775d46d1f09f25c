"""Starting from an exported file, whose norms were folded away."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from mememoji.errors import ModelError
from mememoji.model_files import sha256_of
from mememoji.training.common.device import choose_device
from mememoji.training.detector.detector_config import DetectorRecipe
from mememoji.training.detector.detector_export import export
from mememoji.training.detector.detector_network import DetectorNetwork, DetectorShape
from mememoji.training.detector.detector_trainer import DetectorFitting
from mememoji.training.detector.fused_initialization import start_from
from mememoji.training.detector.validator import padded
from tests.drawn_faces import drawn

CPU = choose_device("cpu", bfloat16=False)
PHOTOGRAPHS = [drawn(number) for number in range(8)]
SHAPE = DetectorShape(8, (12, 16, 24, 24), (1, 1, 1, 1), 16)
PICTURES = torch.from_numpy(padded(PHOTOGRAPHS)).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a network whose norms and answers all differ."""
    path = tmp_path_factory.mktemp("start") / "net.onnx"
    torch.manual_seed(3)
    network = DetectorNetwork(SHAPE)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    for answer in network.answers:
        assert isinstance(answer, nn.Conv2d)
        assert answer.bias is not None
        nn.init.normal_(answer.bias)
    with torch.no_grad():
        network.train()(PICTURES.float())
    export(network, path, padded(PHOTOGRAPHS), name="first", score_threshold=0.3, trained_on="drawings", license="MIT")
    return path


def test_a_network_answers_as_the_file_that_it_starts_from(weights: Path) -> None:
    network = DetectorNetwork(SHAPE)
    start_from(weights, network, PICTURES[:4])
    assert network.training
    others = PICTURES[4:].float()
    with torch.no_grad():
        found = network.eval()(others)
    (expected,) = onnxruntime.InferenceSession(weights).run(["answers"], {"pictures": others.numpy()})
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def test_while_it_learns_it_answers_nearly_as_the_file(weights: Path) -> None:
    """Learning norms by the batch at hand: on the images that settled them, that changes nothing."""
    network = DetectorNetwork(SHAPE)
    start_from(weights, network, PICTURES)
    with torch.no_grad():
        learning = network.train()(PICTURES.float())
        judging = network.eval()(PICTURES.float())
    torch.testing.assert_close(learning, judging, atol=2e-2, rtol=1e-3)


def test_a_training_remembers_what_it_started_from(weights: Path, tmp_path: Path) -> None:
    recipe = DetectorRecipe(SHAPE, epochs=1, fall=0, sides=(64,), batch=4)
    run = tmp_path / "run"
    started = DetectorFitting(recipe, PHOTOGRAPHS, PHOTOGRAPHS[:2], run, CPU, start=weights, quiet=True)
    started.fit()
    assert started.recipe.start == sha256_of(weights)
    longer = DetectorFitting(recipe.with_changes(epochs=2, fall=0), PHOTOGRAPHS, PHOTOGRAPHS[:2], run, CPU, quiet=True)
    longer.resume()
    assert longer.recipe.start == started.recipe.start
    assert longer.history == started.history


def test_another_network_is_refused(weights: Path) -> None:
    for shape in (DetectorShape(8, (12, 16, 24, 32), (1, 1, 1, 1), 16), DetectorShape(8, (12, 16, 24, 24), neck=16)):
        with pytest.raises(ModelError, match="must be of this network"):
            start_from(weights, DetectorNetwork(shape), PICTURES)
    smaller = DetectorShape(8, (12, 16, 24, 24), (0, 1, 1, 1), 16)
    with pytest.raises(ModelError, match=r"has no stem\.2"):
        start_from(weights, DetectorNetwork(smaller), PICTURES)


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a network")
    for name in ("net.onnx", "missing.onnx"):
        with pytest.raises(ModelError, match="must be an ONNX file"):
            start_from(tmp_path / name, DetectorNetwork(SHAPE), PICTURES)

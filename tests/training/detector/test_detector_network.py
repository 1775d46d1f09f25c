"""Initialization of a network from an exported file, whose batch norms were fused."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from mememoji.errors import ModelError
from mememoji.model_files import compute_sha256
from mememoji.training.common.device import choose_device
from mememoji.training.detector.detector_config import DetectorTrainConfig
from mememoji.training.detector.detector_export import export_detector
from mememoji.training.detector.detector_network import DetectorModelConfig, DetectorNetwork, load_detector_weights
from mememoji.training.detector.detector_trainer import DetectorTrainer
from mememoji.training.detector.validator import read_padded_images
from tests.drawn_faces import draw_sample

CPU = choose_device("cpu", bfloat16=False)
SAMPLES = [draw_sample(number) for number in range(8)]
MODEL = DetectorModelConfig(8, (12, 16, 24, 24), (1, 1, 1, 1), 16)
IMAGES = torch.from_numpy(read_padded_images(SAMPLES)).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an exported network whose norms and biases all differ."""
    path = tmp_path_factory.mktemp("init") / "net.onnx"
    torch.manual_seed(3)
    network = DetectorNetwork(MODEL)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    for output in network.outputs:
        assert isinstance(output, nn.Conv2d)
        assert output.bias is not None
        nn.init.normal_(output.bias)
    with torch.no_grad():
        network.train()(IMAGES.float())
    export_detector(
        network,
        path,
        read_padded_images(SAMPLES),
        name="first",
        score_threshold=0.3,
        trained_on="drawings",
        license="MIT",
    )
    return path


def test_load_detector_weights_gives_the_outputs_of_the_file(weights: Path) -> None:
    network = DetectorNetwork(MODEL)
    load_detector_weights(network, weights, IMAGES[:4])
    assert network.training
    others = IMAGES[4:].float()
    with torch.no_grad():
        found = network.eval()(others)
    (expected,) = onnxruntime.InferenceSession(weights).run(["outputs"], {"images": others.numpy()})
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def test_load_detector_weights_gives_nearly_the_same_outputs_in_training_mode(weights: Path) -> None:
    """DetectionBatch statistics of the images on which the norms were estimated are those of the norms."""
    network = DetectorNetwork(MODEL)
    load_detector_weights(network, weights, IMAGES)
    with torch.no_grad():
        in_training = network.train()(IMAGES.float())
        in_evaluation = network.eval()(IMAGES.float())
    torch.testing.assert_close(in_training, in_evaluation, atol=2e-2, rtol=1e-3)


def test_trainer_keeps_the_hash_of_its_initial_weights(weights: Path, tmp_path: Path) -> None:
    config = DetectorTrainConfig(MODEL, epochs=1, lr_decay_epochs=0, image_sizes=(64,), batch_size=4)
    run = tmp_path / "run"
    first = DetectorTrainer(config, SAMPLES, SAMPLES[:2], run, CPU, init_from=weights, quiet=True)
    first.train()
    assert first.config.init_sha256 == compute_sha256(weights)
    longer = DetectorTrainer(
        config.with_changes(epochs=2, lr_decay_epochs=0), SAMPLES, SAMPLES[:2], run, CPU, quiet=True
    )
    longer.resume()
    assert longer.config.init_sha256 == first.config.init_sha256
    assert longer.history == first.history


def test_load_detector_weights_of_another_architecture_raises_model_error(weights: Path) -> None:
    for config in (
        DetectorModelConfig(8, (12, 16, 24, 32), (1, 1, 1, 1), 16),
        DetectorModelConfig(8, (12, 16, 24, 24), neck_channels=16),
    ):
        with pytest.raises(ModelError, match="must be of this architecture"):
            load_detector_weights(DetectorNetwork(config), weights, IMAGES)
    smaller = DetectorModelConfig(8, (12, 16, 24, 24), (0, 1, 1, 1), 16)
    with pytest.raises(ModelError, match=r"has no stem\.2"):
        load_detector_weights(DetectorNetwork(smaller), weights, IMAGES)


def test_load_detector_weights_of_another_file_raises_model_error(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a network")
    for name in ("net.onnx", "missing.onnx"):
        with pytest.raises(ModelError, match="must be an ONNX file"):
            load_detector_weights(DetectorNetwork(MODEL), tmp_path / name, IMAGES)

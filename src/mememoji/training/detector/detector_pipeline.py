"""Pipeline of the detector: train on labeled images, export the weights with their card."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mememoji.datasets.detection_images import DetectionSample
from mememoji.detection.detector_card import DetectorCard
from mememoji.training.common.checkpoint import check_unused
from mememoji.training.common.device import Device, choose_device
from mememoji.training.detector.detector_config import DetectorTrainConfig
from mememoji.training.detector.detector_export import export_detector
from mememoji.training.detector.detector_network import DetectorNetwork
from mememoji.training.detector.detector_run import read_detector_checkpoint
from mememoji.training.detector.detector_trainer import DetectorTrainer
from mememoji.training.detector.validator import read_padded_images
from mememoji.version import __version__

WEIGHTS_FILE: Final = "weights.onnx"

DEFAULT_SCORE_THRESHOLD: Final = 0.5
"""Score threshold in the card until `mememoji detector evaluate` has measured a better one."""

_NUM_CHECK_IMAGES: Final = 8


def train_detector(
    config: DetectorTrainConfig,
    train: Sequence[DetectionSample],
    val: Sequence[DetectionSample],
    out: Path,
    *,
    name: str = "detector",
    device: Device | None = None,
    num_workers: int = 0,
    val_interval: int = 1,
    init_from: Path | None = None,
    resume: bool = False,
    log: Callable[[str], object] = lambda _: None,
) -> DetectorCard:
    """Train a detector and export its weights.

    The folder `out` gets history.csv, history.png, checkpoint.pt, pre_decay.pt, weights.onnx and weights.card.json.

    Args:
        config: Configuration of the training, a preset for example.
        train: Images to train on.
        val: Images to validate on.
        out: Folder of the run.
        name: Name of the detector in its card, without the version.
        device: Device and precision; None selects the best available.
        num_workers: Number of processes that make training samples; 0 uses a thread of this one.
        val_interval: Number of epochs between validations.
        init_from: Weights file to start from; None starts from random weights.
        resume: Whether to continue from the folder's checkpoint.
        log: Function that is called with a line of text at the start of the training.

    Returns:
        The card of the exported weights.

    Raises:
        RunError: The folder already has a training, or it cannot be resumed, or the loss became NaN or infinite.
        DatasetError: There are no images, or one cannot be read.
        ModelError: `init_from` is not a weights file, or has another architecture.

    Example:
        Train a tiny network on gray images without faces:

        >>> import tempfile
        >>> import cv2
        >>> import numpy as np
        >>> from mememoji.datasets.detection_images import DetectionSample
        >>> from mememoji.training.detector.detector_config import PRESETS
        >>> image = cv2.imencode(".png", np.full((64, 64, 3), 128, np.uint8))[1].tobytes()
        >>> no_faces, no_landmarks = np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32)
        >>> samples = [
        ...     DetectionSample(f"gray:{n}", "gray", image, no_faces, no_landmarks, no_faces, ()) for n in range(4)
        ... ]
        >>> config = PRESETS["debug"].with_changes(epochs=1, batch_size=2, image_sizes=(64,))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     card = train_detector(config, samples, samples[:1], Path(folder, "run"), name="tiny")
        ...     sorted(file.name for file in Path(folder, "run").glob("weights.*"))
        ['weights.card.json', 'weights.onnx']
        >>> card.score_threshold
        0.5
    """
    if not resume:
        check_unused(out)
    device = device or choose_device()
    log(f"{name}: {len(train):,} images, {config.epochs} epochs on {device}")
    trainer = DetectorTrainer(
        config, train, val, out, device, num_workers=num_workers, val_interval=val_interval, init_from=init_from
    )
    if resume:
        trainer.resume()
    trainer.train()
    return export_detector_run(out, val, out / WEIGHTS_FILE, name=name)


def export_detector_run(
    run: Path,
    val: Sequence[DetectionSample],
    weights: Path,
    *,
    name: str = "detector",
    score_threshold: float = DEFAULT_SCORE_THRESHOLD,
) -> DetectorCard:
    """Export a run's weights after its last epoch, finished or not.

    Args:
        run: Folder of the run.
        val: Images of val; the exported file is compared with torch on some of them.
        weights: ONNX file to write; its card is written beside it.
        name: Name of the detector in its card, without the version.
        score_threshold: Lowest score of a face, 0..1, for the card.

    Returns:
        The card of the exported weights.

    Raises:
        RunError: The run has no checkpoint.
        ModelError: The checkpoint is not of this version, or the exported file differs from torch.
    """
    checkpoint = read_detector_checkpoint(run)
    network = DetectorNetwork(checkpoint.config.model)
    assert checkpoint.ema is not None
    network.load_state_dict(checkpoint.ema)
    sha256 = checkpoint.config.init_sha256
    initialized = f", initialized from the weights {sha256[:12]}" if sha256 else ""
    weights.parent.mkdir(parents=True, exist_ok=True)
    return export_detector(
        network,
        weights,
        read_padded_images(val[:_NUM_CHECK_IMAGES]),
        name=f"{name}-{__version__}",
        score_threshold=score_threshold,
        trained_on=(
            f"Images with boxes and landmarks by YuNet and by hand, {len(checkpoint.history)} epochs{initialized}; a "
            "third of the animals left out"
        ),
        license="MIT",
    )

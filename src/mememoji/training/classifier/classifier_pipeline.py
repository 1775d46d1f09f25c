"""Pipeline of the classifier: train on prepared data, fit the non-face output, export, calibrate, evaluate."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from torch import nn

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.datasets.fer2013.provenance import Provenance, read_provenance
from mememoji.datasets.negatives import LabeledCrops, read_crops
from mememoji.datasets.splits import Split
from mememoji.evaluation.classification.split_report import SplitReport, evaluate
from mememoji.training.classifier.batch_sampler import MixedFaceSet
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_trainer import ClassifierTrainer
from mememoji.training.classifier.initialization import load_initial_weights
from mememoji.training.classifier.non_face_output import fit_non_face_output
from mememoji.training.classifier.teachers import load_teachers
from mememoji.training.classifier.trained_classifier import (
    REPORT_FOLDER,
    TrainedClassifier,
    describe_negatives,
    export_and_evaluate,
    read_splits,
)
from mememoji.training.common.checkpoint import check_unused, has_checkpoint
from mememoji.training.common.device import Device, choose_device

WEIGHTS_FILE: Final = "weights.onnx"


@dataclass(frozen=True, kw_only=True)
class ClassifierPipeline:
    """A training with everything that it takes, from prepared data to evaluated weights.

    The folder `out` gets history.csv, history.png, checkpoint.pt, weights.onnx, weights.card.json and report/.

    Attributes:
        config: The training's configuration.
        data: A folder that `mememoji data prepare` wrote.
        out: The run's folder.
        name: The model's name in its card.
        device: Device and precision.
        teachers: Run folders and weights files from which the classifier is distilled.
        face_sets: Face sets that fill a fraction of each batch.
        init_from: A run's folder or a weights file to start from; None starts from random weights.
        negatives: A file of `mememoji data crops` on which the non-face output is fitted; None leaves the output
            as it was trained.
        compile_model: Whether to fuse the network with torch.compile, which needs a C++ compiler.
        log: Called with a line of text at the start of each stage.

    Raises:
        ValueError: The face sets leave nothing of a batch for the prepared data.
    """

    config: ClassifierTrainConfig
    data: Path
    out: Path
    name: str = "classifier"
    device: Device = field(default_factory=choose_device)
    teachers: Sequence[Path] = ()
    face_sets: Sequence[MixedFaceSet] = ()
    init_from: Path | None = None
    negatives: Path | None = None
    compile_model: bool = False
    log: Callable[[str], object] = lambda _: None

    def __post_init__(self) -> None:
        fractions = [mixed.batch_fraction for mixed in self.face_sets]
        if sum(fractions) >= 1.0:
            raise ValueError(f"the batch fractions of all face sets must sum to less than 1, got {fractions}")

    @property
    def has_started(self) -> bool:
        """Whether the folder has a training, finished or not."""
        return has_checkpoint(self.out)

    @property
    def is_finished(self) -> bool:
        """Whether the folder has everything; the report is written last."""
        return (self.out / REPORT_FOLDER / "report.json").is_file()

    def run(self, *, resume: bool = False) -> TrainedClassifier:
        """Train, fit the non-face output, export, calibrate and evaluate.

        Args:
            resume: Whether to continue from the folder's checkpoint.

        Raises:
            RunError: The folder has a training and `resume` is false, the checkpoint cannot be resumed, or the loss
                became NaN or infinite.
            DatasetError: The data cannot be read.
        """
        splits, provenance, crops = self._read_data()
        remarks = self._format_remarks(crops)
        model = self._train(splits, remarks, resume=resume)
        if crops is not None:
            self.log(f"{self.name}: fitting the non-face output")
            augmentation, seed = self.config.augmentation, self.config.seed
            fit_non_face_output(model, splits["train"], crops, self.device, augmentation=augmentation, seed=seed)
        provenance = dataclasses.replace(provenance, trained_on=provenance.trained_on + remarks)
        weights, report = self.out / WEIGHTS_FILE, self.out / REPORT_FOLDER
        return export_and_evaluate(
            model, self.config, self.data, splits["val"], provenance, weights, report, name=self.name
        )

    def train(self, *, resume: bool = False) -> None:
        """Train without exporting; a later `run` with `resume` does the rest."""
        splits, _, crops = self._read_data()
        self._train(splits, self._format_remarks(crops), resume=resume)

    def reevaluate(self) -> SplitReport:
        """Evaluate the weights of a finished run again."""
        return evaluate(OnnxClassifier(self.out / WEIGHTS_FILE), self.data / "val.parquet").report

    def _read_data(self) -> tuple[dict[str, Split], Provenance, LabeledCrops | None]:
        # Everything is read before the training, so that a damaged file does not fail hours later.
        splits = read_splits(self.data, "train", "val")
        crops = None if self.negatives is None else read_crops(self.negatives)
        return splits, read_provenance(self.data, splits), crops

    def _train(self, splits: dict[str, Split], remarks: str, *, resume: bool) -> nn.Module:
        if not resume:
            check_unused(self.out)
        train = splits["train"]
        initial_weights = None
        if self.init_from is not None:
            initial_weights = load_initial_weights(self.init_from, self.config.model, train.images)
        trainer = ClassifierTrainer(
            self.config,
            train,
            splits["val"],
            self.out,
            self.device,
            teachers=load_teachers(self.teachers, self.device),
            face_sets=self.face_sets,
            initial_weights=initial_weights,
            remarks=remarks,
            compile_model=self.compile_model,
        )
        if resume:
            trainer.resume()
        num_images = len(train) + sum(len(mixed.faces) for mixed in self.face_sets)
        self.log(f"{self.name}: {num_images:,} images, {self.config.epochs} epochs on {self.device}")
        return trainer.train()

    def _format_remarks(self, crops: LabeledCrops | None) -> str:
        """Return the text that the card adds to the description of the prepared data."""
        remarks = [] if self.init_from is None else [f"initialized from {self.init_from.name}"]
        remarks += [mixed.description for mixed in self.face_sets]
        if self.teachers:
            names = ", ".join(path.name for path in self.teachers)
            remarks.append(f"distilled from {len(self.teachers)} teachers: {names}")
        if self.negatives is not None and crops is not None:
            remarks.append(describe_negatives(self.negatives, crops))
        return "".join(f"; {remark}" for remark in remarks)


def train_classifier(
    config: ClassifierTrainConfig,
    data: Path,
    out: Path,
    *,
    name: str = "classifier",
    device: Device | None = None,
    teachers: Sequence[Path] = (),
    face_sets: Sequence[MixedFaceSet] = (),
    init_from: Path | None = None,
    negatives: Path | None = None,
    compile_model: bool = False,
    resume: bool = False,
    log: Callable[[str], object] = lambda _: None,
) -> TrainedClassifier:
    """Train a classifier on prepared data, export its best weights, calibrate and evaluate them on val.

    Args:
        config: The training's configuration, a preset for example.
        data: A folder that `mememoji data prepare` wrote.
        out: The run's folder; see `ClassifierPipeline` for its files and for the other arguments.
        name: The model's name in its card.
        device: Device and precision; None selects the best available.
        teachers: Run folders and weights files from which the classifier is distilled.
        face_sets: Face sets that fill a fraction of each batch.
        init_from: A run's folder or a weights file to start from; None starts from random weights.
        negatives: A file of `mememoji data crops` on which the non-face output is fitted.
        compile_model: Whether to fuse the network with torch.compile.
        resume: Whether to continue from the folder's checkpoint.
        log: Called with a line of text at the start of each stage.

    Raises:
        ValueError: The face sets leave nothing of a batch for the prepared data.
        RunError: The folder already has a training, or it cannot be resumed, or the loss became NaN or infinite.
        DatasetError: The data cannot be read.

    Example:
        Train a tiny network on ready-made split files:

        >>> import tempfile
        >>> import numpy as np
        >>> from mememoji.datasets.splits import write_split
        >>> from mememoji.training.classifier.classifier_presets import PRESETS
        >>> images = np.random.default_rng(0).integers(0, 256, (28, 48, 48), np.uint8)
        >>> split = Split(np.arange(28, dtype=np.int32), images, (np.arange(28) % 7).astype(np.int8), None)
        >>> config = PRESETS["debug"].with_changes(epochs=1, batch_size=14)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for part in ("train", "val"):
        ...         write_split(split, Path(folder, f"{part}.parquet"))
        ...     trained = train_classifier(config, Path(folder), Path(folder, "run"))
        ...     sorted(file.name for file in Path(folder, "run").glob("weights.*"))
        ['weights.card.json', 'weights.onnx']
    """
    pipeline = ClassifierPipeline(
        config=config,
        data=data,
        out=out,
        name=name,
        device=device or choose_device(),
        teachers=teachers,
        face_sets=face_sets,
        init_from=init_from,
        negatives=negatives,
        compile_model=compile_model,
        log=log,
    )
    return pipeline.run(resume=resume)

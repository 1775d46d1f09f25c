"""A training from the command line: from prepared data to weights, card and report in the run's folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from mememoji.errors import InputError, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from mememoji.datasets.fer2013.provenance import Provenance
    from mememoji.datasets.negatives import Crops
    from mememoji.datasets.splits import Split
    from mememoji.evaluation.classification.report import Evaluation
    from mememoji.training.classifier.batch_sampler import MixedSet
    from mememoji.training.classifier.classifier_config import Recipe
    from mememoji.training.classifier.teachers import Teacher
    from mememoji.training.common.device import Device


@dataclasses.dataclass
class Run:
    """One training and its folder.

    Attributes:
        name: of the weights, in their card.
        recipe: what to do.
        data: the prepared folder.
        out: the run's folder.
        compiled: whether torch.compile fuses the network.
        teachers: whose answers are learned too.
        mixed: face sets that fill a share of each batch.
        initial: a run or a weights file to initialize from; None starts from random weights.
        crops: what the network learns from, after its training, what is no face; or None.
        learned: what the card says of the data beyond what the prepared folder says.
    """

    name: str
    recipe: Recipe
    data: Path
    out: Path
    compiled: bool = False
    teachers: Sequence[Teacher] = ()
    mixed: Sequence[MixedSet] = ()
    initial: Path | None = None
    crops: Crops | None = None
    learned: str = ""

    def mix_faces(self, requests: Sequence[str]) -> None:
        """Have face sets fill a share of each batch.

        Args:
            requests: `FILE` or `FILE:SHARE` each.

        Raises:
            DatasetError: a file is not a face set.
            InputError: a share is not a fraction, or nothing is left for the prepared data.
        """
        from mememoji.datasets.face_sets.face_set import read_face_set
        from mememoji.training.classifier.batch_sampler import MixedSet

        asked = [parse_share(request) for request in requests]
        if sum(share for _, share in asked) >= 1.0:
            raise InputError(f"the shares of all face sets must sum to less than 1, got {list(requests)}")
        self.mixed = [MixedSet(read_face_set(path), share) for path, share in asked]
        for (path, share), one in zip(asked, self.mixed, strict=True):
            count, labeled = len(one.faces), int(one.faces.is_labeled.sum())
            sources = len(set(one.faces.sources))
            self.learned += (
                f"; {count:,} faces of {sources} other sources, {labeled:,} of them labeled ({path.name}), "
                f"{share:.0%} of each batch"
            )

    def take_crops(self, file: Path) -> None:
        """Have the network learn, after its training, what is no face from what `data crops` cut.

        Raises:
            DatasetError: the file holds no crops of both kinds.
        """
        from mememoji.datasets.negatives import read_crops

        self.crops = read_crops(file)
        self.learned += rejected(self.crops, file)

    @property
    def is_begun(self) -> bool:
        """Whether the folder holds a training, finished or not."""
        from mememoji.training.common.checkpoint import FILE

        return (self.out / FILE).is_file()

    def check(self, *, resume: bool) -> None:
        """Refuse to write over a training.

        Raises:
            RunError: the folder holds one, and it is not to be resumed.
        """
        if self.is_begun and not resume:
            raise RunError(f"{self.out} holds a training already; --resume goes on with it")

    def train(self, place: Device, *, resume: bool) -> Evaluation:
        """Train, export, calibrate, evaluate."""
        splits, provenance = self._material()
        network = self._fitted(splits, place, resume=resume)
        if self.crops is not None:
            reject(network, self.recipe, splits["train"], self.crops, place)
        weights, report = self.out / "weights.onnx", self.out / "report"
        return deliver(network, self.recipe, splits["val"], self.data, provenance, weights, report, name=self.name)

    def fit(self, place: Device, *, resume: bool) -> None:
        """Train alone; a later `train` with `resume` does the rest."""
        splits, _ = self._material()
        self._fitted(splits, place, resume=resume)

    def _material(self) -> tuple[dict[str, Split], Provenance]:
        # All before hours of training: a damaged card should not show at their end.
        from mememoji.datasets.fer2013.provenance import read_provenance

        splits = read_splits(self.data, "train", "val")
        provenance = read_provenance(self.data, splits)
        return splits, dataclasses.replace(provenance, trained_on=provenance.trained_on + self.learned)

    def _fitted(self, splits: dict[str, Split], place: Device, *, resume: bool) -> nn.Module:
        from mememoji.training.classifier.classifier_trainer import Fitting
        from mememoji.training.classifier.initialization import load_initial_weights

        crops = splits["train"].images
        initial = None if self.initial is None else load_initial_weights(self.initial, self.recipe.shape, crops)
        pictures = len(crops) + sum(len(one.faces) for one in self.mixed)
        typer.echo(f"{self.name}: {pictures:,} images, {self.recipe.epochs} epochs on {place}", err=True)
        fitting = Fitting(
            self.recipe,
            splits["train"],
            splits["val"],
            self.out,
            place,
            teachers=self.teachers,
            mixed=self.mixed,
            initial=initial,
            remarks=self.learned,
            compiled=self.compiled,
        )
        if resume:
            fitting.resume()
        return fitting.fit()


def reject(network: nn.Module, recipe: Recipe, train: Split, crops: Crops, place: Device) -> None:
    """Let a trained network learn what is no face."""
    from mememoji.training.classifier.non_face_output import learn_rejection

    typer.echo(f"what is no face, from {len(crops):,} crops of images", err=True)
    learn_rejection(network.to(place.where), train, crops, place, settings=recipe.augmentation, seed=recipe.seed)
    network.to("cpu")


def rejected(crops: Crops, file: Path) -> str:
    """What a card says of the crops."""
    return f"; what is no face from {len(crops):,} crops of images ({file.name})"


SHARE: Final = 0.3
"""A face set's share of each batch, if no other is given."""


def locate_weights(source: Path) -> Path:
    """Return a run's folder or a weights file as it is, and for a classifier's name its file in the package.

    Raises:
        InputError: there is neither a file or folder nor a classifier of this name.
    """
    from mememoji.classification.shipped_classifiers import shipped_weights

    return source if source.exists() or source.suffix else shipped_weights(str(source))


def parse_share(request: str) -> tuple[Path, float]:
    """Split `FILE:SHARE` into its parts; `FILE` alone gets `SHARE`.

    Raises:
        InputError: the share is not a number in (0, 1).
    """
    path, colon, share = request.rpartition(":")
    # A path may hold a colon itself, as on Windows: what follows it is then not a number.
    try:
        value = float(share) if colon else SHARE
    except ValueError:
        path, value = request, SHARE
    if not 0.0 < value < 1.0:
        raise InputError(f"the share of a face set must be in (0, 1), got {request!r}; write FILE:0.3")
    return Path(path if colon else request), value


def read_splits(data: Path, *names: str) -> dict[str, Split]:
    """Split files of a prepared folder, by name."""
    from mememoji.datasets.splits import read_split

    return {name: read_split(data / f"{name}.parquet") for name in names}


def deliver(
    network: nn.Module,
    recipe: Recipe,
    val: Split,
    data: Path,
    provenance: Provenance,
    weights: Path,
    report: Path,
    *,
    name: str,
) -> Evaluation:
    """Export a network, calibrate it on val, evaluate it there, and print what came out."""
    from mememoji.cli.convert import calibration_lines
    from mememoji.conversion.evaluate_weights import calibrate_weights, score_weights
    from mememoji.evaluation.classification.markdown import to_text
    from mememoji.evaluation.classification.report_folder import write_report
    from mememoji.evaluation.temperature import FOLDS
    from mememoji.training.classifier.classifier_export import export as write_weights
    from mememoji.version import __version__

    write_weights(
        network,
        weights,
        val.images[:256],
        name=f"{name}-{__version__}",
        kind=recipe.network,
        trained_on=provenance.trained_on,
        license=provenance.license,
        note=provenance.note,
    )
    told: list[str] = []
    if len(val) < 2 * FOLDS:  # a first look at a handful of images should not fail at its end
        evaluation = score_weights(weights, data / "val.parquet", progress=True)
    else:
        evaluation, found = calibrate_weights(weights, data / "val.parquet", weights, progress=True)
        told = ["", *calibration_lines(found)]
    write_report(evaluation, report)
    typer.echo(to_text(evaluation.report))
    for line in told:
        typer.echo(line)
    typer.echo(f"\n{weights} and its card; the report is {report / 'report.md'}")
    return evaluation

"""A training from the command line: from prepared data to weights, card and report in the run's folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from mememoji.datasets.crops import Crops
    from mememoji.datasets.provenance import Provenance
    from mememoji.datasets.splits import Split
    from mememoji.evaluation.report import Evaluation
    from mememoji.training.device import Device
    from mememoji.training.recipe import Recipe
    from mememoji.training.teachers import Teacher


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
        start: a run whose best weights to start from, or None.
        crops: what the network learns from, after its training, what is no face; or None.
        learned: what the card says of the data beyond what the prepared folder says.
    """

    name: str
    recipe: Recipe
    data: Path
    out: Path
    compiled: bool = False
    teachers: Sequence[Teacher] = ()
    start: Path | None = None
    crops: Crops | None = None
    learned: str = ""

    def take_crops(self, file: Path) -> None:
        """Have the network learn, after its training, what is no face from what `data crops` cut.

        Raises:
            DatasetError: the file holds no crops of both kinds.
        """
        from mememoji.datasets.crops import read_crops

        self.crops = read_crops(file)
        self.learned += rejected(self.crops, file)

    @property
    def is_begun(self) -> bool:
        """Whether the folder holds a training, finished or not."""
        from mememoji.training.checkpoint import FILE

        return (self.out / FILE).is_file()

    def check(self, *, resume: bool) -> None:
        """Refuse to write over a training.

        Raises:
            RunError: the folder holds one, and it is not to be resumed.
        """
        from mememoji.errors import RunError

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
        from mememoji.datasets.provenance import read_provenance

        splits = read_splits(self.data, "train", "val")
        provenance = read_provenance(self.data, splits)
        return splits, dataclasses.replace(provenance, trained_on=provenance.trained_on + self.learned)

    def _fitted(self, splits: dict[str, Split], place: Device, *, resume: bool) -> nn.Module:
        from mememoji.training.fitting import Fitting

        start = None if self.start is None else started(self.start, self.recipe)
        pictures = len(splits["train"])
        typer.echo(f"{self.name}: {pictures:,} pictures, {self.recipe.epochs} epochs on {place}", err=True)
        fitting = Fitting(
            self.recipe,
            splits["train"],
            splits["val"],
            self.out,
            place,
            teachers=self.teachers,
            start=start,
            compiled=self.compiled,
        )
        if resume:
            fitting.resume()
        return fitting.fit()


def reject(network: nn.Module, recipe: Recipe, train: Split, crops: Crops, place: Device) -> None:
    """Let a trained network learn what is no face."""
    from mememoji.training.rejection import learn_rejection

    typer.echo(f"what is no face, from {len(crops):,} crops of photographs", err=True)
    learn_rejection(network.to(place.where), train, crops, place, settings=recipe.augmentation, seed=recipe.seed)
    network.to("cpu")


def rejected(crops: Crops, file: Path) -> str:
    """What a card says of the crops."""
    return f"; what is no face from {len(crops):,} crops of photographs ({file.name})"


def started(run: Path, recipe: Recipe) -> dict[str, Any]:
    """The best weights of a run of the recipe's shape.

    Raises:
        RunError: the run holds no checkpoint, or one of another shape.
    """
    from mememoji.errors import RunError
    from mememoji.training.checkpoint import read_checkpoint

    saved = read_checkpoint(run)
    if saved.recipe.shape != recipe.shape:
        raise RunError(f"{run} holds a network of another shape: {saved.recipe.shape}; asked for: {recipe.shape}")
    return saved.best


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
    from mememoji.conversion.scoring import calibrate_weights, score_weights
    from mememoji.evaluation.folder import write_report
    from mememoji.evaluation.markdown import to_text
    from mememoji.evaluation.temperature import FOLDS
    from mememoji.training.export import export as write_weights
    from mememoji.version import __version__

    write_weights(
        network,
        weights,
        val.images[:256],
        name=f"{name}-{__version__}",
        kind=recipe.network,
        trained_on=provenance.trained_on,
        licence=provenance.licence,
        note=provenance.note,
    )
    told: list[str] = []
    if len(val) < 2 * FOLDS:  # a first look at a handful of pictures should not fail at its end
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

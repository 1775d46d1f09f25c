"""`mememoji search`: hyperparameter search for the classifier."""

from pathlib import Path
from typing import Annotated

import typer

from mememoji.cli.train import DeviceName


def search(
    data: Annotated[Path, typer.Option(help="Folder written by `mememoji data prepare`.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Folder of the search; an earlier search in it continues.", metavar="DIR")],
    search_space: Annotated[
        str,
        typer.Option(
            help="plain (around the original's networks), compact (within 2.5 M parameters) or architecture (of "
            "compact alone).",
            metavar="NAME",
        ),
    ] = "compact",
    trials: Annotated[
        int, typer.Option(min=1, help="Total number of trials, or a few more with several workers.")
    ] = 50,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs per trial.")] = 8,
    train_subset: Annotated[
        int | None, typer.Option(min=14, help="Number of train images to use; all if not given.", metavar="N")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes that run trials.")] = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of each worker.")] = None,
    device: DeviceName = "auto",
    compile_model: Annotated[
        bool, typer.Option("--compile", help="Fuse networks with torch.compile; only long trials get faster.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the first trials.")] = 0,
) -> None:
    """Search for the architecture and settings with the best val accuracy, and write a report to DIR/search.md.

    A trial that is worse than half of the others after the same number of epochs is pruned. Called again with the same
    DIR, the search continues; several processes may run it at the same time.
    """
    from mememoji.errors import MissingExtraError

    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("search", "searching") from error
    from mememoji.training.classifier.hyperparameter_search import (
        HyperparameterSearch,
        get_best_trials,
        get_ended_trials,
    )
    from mememoji.training.classifier.search_report import write_search_report

    # Its warning about a failed trial is a traceback; the last line and the report count these.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = HyperparameterSearch(
        data=data,
        out=out,
        space=search_space,
        num_trials=trials,
        epochs=epochs,
        num_images=train_subset,
        num_workers=workers,
        num_threads=threads,
        device=device,
        compile_model=compile_model,
        seed=seed,
    ).run()
    files = ", ".join(path.name for path in write_search_report(study, out))
    best = get_best_trials(study, 1)
    result = f"best: trial {best[0].number}, {100 * (best[0].value or 0):.1f} %" if best else "none finished"
    trials_ended = get_ended_trials(study)
    num_failed = sum(trial.state is optuna.trial.TrialState.FAIL for trial in trials_ended)
    failed = f", {num_failed} failed" if num_failed else ""
    typer.echo(f"{len(trials_ended)} trials{failed}, {result}; {files} in {out}")

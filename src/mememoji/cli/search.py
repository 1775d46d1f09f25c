"""`mememoji search`: shapes and settings tried, the promising ones to the end."""

from pathlib import Path
from typing import Annotated

import typer


def search(
    data: Annotated[Path, typer.Option(help="A folder that `mememoji data prepare` wrote.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="The search's folder; a search there goes on.", metavar="DIR")],
    space: Annotated[
        str,
        typer.Option(
            help="plain (around the original's networks), compact (within 2.5 M) or shape (compact's alone).",
            metavar="NAME",
        ),
    ] = "compact",
    trials: Annotated[
        int, typer.Option(min=1, help="Trials that the search holds at its end, or a few more with several workers.")
    ] = 50,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of a trial.")] = 8,
    pictures: Annotated[int | None, typer.Option(min=14, help="Images of train to use; all if not given.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that run trials side by side.")] = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads of each worker.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    compiled: Annotated[
        bool, typer.Option("--compile", help="Fuse networks with torch.compile: faster for long trials only.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of what is tried first.")] = 0,
) -> None:
    """Look for the shape and settings that read val best, and write what mattered into DIR/search.md.

    A trial that is worse than half of the others were after as many epochs is stopped. Called again with the same DIR
    the search goes on, also beside others that run.
    """
    from mememoji.errors import MissingExtraError, RunError

    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("search", "searching") from error
    from mememoji.training.classifier.hyperparameter_search import ended, open_study
    from mememoji.training.classifier.search_report import write_search_report

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = open_study(out, space, epochs=epochs, seed=seed)
    arguments = (data, out, space, trials, epochs, pictures, threads, device, compiled)
    if workers == 1:
        work(*arguments, seed)
    else:
        from multiprocessing import get_context

        # Started afresh: a forked process would share torch's threads with this one.
        context = get_context("spawn")
        processes = [context.Process(target=work, args=(*arguments, seed + number)) for number in range(workers)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            raise RunError(f"a worker of the search failed; {out} holds what was finished, and a new call goes on")
    files = write_search_report(study, out)
    best = study.best_trial if any(trial.value is not None for trial in ended(study)) else None
    told = "none finished" if best is None else f"best: trial {best.number}, {100 * (best.value or 0):.1f} %"
    typer.echo(f"{len(ended(study))} trials, {told}; {', '.join(path.name for path in files)} in {out}")


def work(
    data: Path,
    out: Path,
    space: str,
    trials: int,
    epochs: int,
    pictures: int | None,
    threads: int | None,
    device: str,
    compiled: bool,
    seed: int,
) -> None:
    """Run trials in this process until the search holds enough, or the process that started it is gone."""
    import optuna

    from mememoji.cli.run import read_splits
    from mememoji.training.classifier.hyperparameter_search import open_study, run_trials
    from mememoji.training.common.device import choose_device, end_with_parent, use_threads

    end_with_parent()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    use_threads(threads)
    splits = read_splits(data, "train", "val")
    train = splits["train"] if pictures is None else splits["train"].take(slice(0, pictures))
    study = open_study(out, space, epochs=epochs, seed=seed)
    run_trials(study, train, splits["val"], choose_device(device), out, trials=trials, compiled=compiled)

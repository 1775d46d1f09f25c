"""Size and rate of the classifiers in the package, or of other weights, measured in one run.

    python -m benchmarks.classifiers [compact nano runs/new.onnx …] [--rounds 9]

Rates are crops per second through `OnnxClassifier.classify`, the best of rounds in which the classifiers take turns, so
that other work on the machine falls on all of them; in parentheses the ratio to the first. Prints Markdown.
"""

import argparse
import time

import numpy as np
import onnxruntime

from benchmarks.provenance import commit, machine, today
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.shipped_classifiers import find_weights, list_classifiers

CASES = [(threads, batch) for threads in (1, 2) for batch in (256, 32, 1)]
CROPS_A_ROUND = 256


def measure(classifiers: list[str], rounds: int) -> dict[str, dict[tuple[int, int], float]]:
    """Return the best rate in crops per second of each classifier for each of `CASES`."""
    crops = np.random.default_rng(0).integers(0, 256, (max(batch for _, batch in CASES), 48, 48), np.uint8)
    best: dict[str, dict[tuple[int, int], float]] = {name: dict.fromkeys(CASES, 0.0) for name in classifiers}
    for _ in range(rounds):
        for threads, batch in CASES:
            for name in classifiers:
                # One classifier at a time: the idle threads of another would spin and take a core.
                classifier = OnnxClassifier(find_weights(name), num_threads=threads)
                classifier.classify(crops[:batch])
                for _ in range(max(2, CROPS_A_ROUND // batch)):
                    start = time.perf_counter()
                    classifier.classify(crops[:batch])
                    best[name][threads, batch] = max(best[name][threads, batch], batch / (time.perf_counter() - start))
                del classifier
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classifiers", nargs="*", default=list(list_classifiers()), help="names or weights files")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    print(f"{today()}, {machine()}, ONNX Runtime {onnxruntime.__version__}, commit {commit()}\n")
    heads = [f"{threads} thread{'s' if threads > 1 else ''}, batch {batch}" for threads, batch in CASES]
    print(f"| classifier | parameters | kB | {' | '.join(heads)} |\n" + "|---" * (3 + len(heads)) + "|")
    rates = measure(args.classifiers, args.rounds)
    first = rates[args.classifiers[0]]
    for name, found in rates.items():
        card = OnnxClassifier(find_weights(name)).card
        size = find_weights(name).stat().st_size / 1e3
        cells = " | ".join(f"{rate:,.0f} ({rate / first[case]:.2f})" for case, rate in found.items())
        print(f"| {name} | {card.num_parameters:,} | {size:,.0f} | {cells} |")


if __name__ == "__main__":
    main()

"""Compare the predicted graph with TensorFlow's for many random candidates of every family.

    python benchmarks/lowering.py --per-family 40

Prints one line per family: candidates compared, mismatches, median milliseconds to predict and to convert.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
from pathlib import Path
from time import perf_counter

from tuner.models.lowering import lower
from tuner.tflite.read import read_graph
from tuner.training.convert import convert_untrained

_TEST = Path(__file__).parents[1] / "tests" / "models" / "test_lowering_against_tensorflow.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-family", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    compared = mismatches = 0
    for family in _candidates().PARAMETERS:
        wrong = _compare(family, arguments.per_family, arguments.seed)
        compared, mismatches = compared + arguments.per_family, mismatches + wrong
    print(f"{compared} candidates, {mismatches} mismatches")
    return int(mismatches > 0)


def _compare(family: str, count: int, seed: int) -> int:
    module = _candidates()
    forms = module.forms_of(family)
    streams = [module.random_networks(family, seed, form) for form in forms]
    predicting, converting, wrong = [], [], 0
    for number in range(count):
        compression = forms[number % len(forms)]
        network = next(streams[number % len(streams)])
        start = perf_counter()
        predicted = lower(network, compression)
        middle = perf_counter()
        converted = read_graph(convert_untrained(network, compression, seed=number))
        predicting.append(1e3 * (middle - start))
        converting.append(1e3 * (perf_counter() - middle))
        if predicted != converted:
            wrong += 1
            print(f"  {compression}: {network}")
    print(
        f"{family:14} {count:4} compared, {wrong} mismatches, predicted in {statistics.median(predicting):.2f} ms "
        f"(at most {max(predicting):.1f}), converted in {statistics.median(converting):.0f} ms",
        flush=True,
    )
    return wrong


def _candidates():
    """Take the candidates of the test, so that both mean the same by "every family"."""
    spec = importlib.util.spec_from_file_location("candidates", _TEST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())

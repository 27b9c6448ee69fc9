"""How quickly a server answers twenty clients that watch one live study: `python -m benchmarks.service_load`.

The study is real but for its scores and learning curves, which are made up: candidates drawn from the shipped space
`motion-continuous`, costed for three boards. A process goes on writing trials while the clients ask, each over a
connection of its own, for what a page that shows the live study asks for. The server is `tuner serve` in a process of
its own; clients and writer share the machine with it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import psutil

from tuner import Study
from tuner.errors import BuildError
from tuner.estimate import Method
from tuner.files import write_atomically
from tuner.metrics.classification import classification_score
from tuner.record import Artifact, Epoch, TrainingResult, Trial
from tuner.search.suggest import RandomSuggest, RecordingSuggest
from tuner.store.event import Event
from tuner.store.location import open_store
from tuner.study.creation import open_study_dataset, space_of, targets_of
from tuner.study.history import Session, started, told
from tuner.tasks import task_named
from tuner.trial.appraise import Appraiser

REPORT = Path(__file__).parents[1] / "reports" / "benchmarks" / "service_load.md"
DEVICE = "arduino-nano-33-ble-sense"
PAGE = {
    "studies": "/studies",
    "study": "/studies/live",
    "trials, first 100 by quality": "/studies/live/trials?sort=-quality&limit=100",
    "trials, 100 by RAM that fit": f"/studies/live/trials?sort=ram_bytes&device={DEVICE}&fits=true&offset=1000",
    "front with infeasible points": f"/studies/live/fronts/{DEVICE}?infeasible=true",
    "hypervolume": "/studies/live/hypervolume",
    "rejections": "/studies/live/rejections",
    "one trial": "/studies/live/trials/17",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--every-s", type=float, default=2.0, help="how often each client asks for a whole page")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studies = Path(folder) / "studies"
        made = made_up(Path(folder), studies, options.trials + 1000)
        append(studies / "live", made[: options.trials])
        with serving(studies) as url:
            start = time.perf_counter()
            httpx.get(f"{url}/api/v1/studies/live", timeout=300).raise_for_status()
            first_s = time.perf_counter() - start
            before_s = sum(process_of(url).cpu_times()[:2])
            writer = multiprocessing.get_context("spawn").Process(
                target=go_on, args=(studies / "live", made[options.trials :], options.seconds + 5)
            )
            writer.start()
            times = load(url, clients=options.clients, every_s=options.every_s, seconds=options.seconds)
            server = process_of(url)
            memory, cpu_s = server.memory_info().rss / 1024**2, sum(server.cpu_times()[:2]) - before_s
            writer.join()
    text = table(times, options, first_s, memory, cpu_s)
    print(text)
    if options.write:
        write_atomically(REPORT, text)


def made_up(folder: Path, studies: Path, count: int) -> list[Trial]:
    """Make the study, and its trials with scores that are made up."""
    data = folder / "data"
    rng = np.random.default_rng(0)
    for label in ("idle", "circle", "shake"):
        (data / label).mkdir(parents=True)
        for person in range(6):
            values = rng.standard_normal((400, 3))
            name = data / label / f"person{person}.csv"
            np.savetxt(name, values, fmt="%.3f", delimiter=",", header="x,y,z", comments="")
    (data / "dataset.yaml").write_text("frequency: 50 Hz\ngroup_pattern: 'person\\d+'\n", encoding="utf-8")
    devices = ["raspberry-pi-pico", DEVICE, "stm32f746g-discovery"]
    budgets = {name: {"ram": "48 KiB", "flash": "160 KiB", "latency": "80 ms"} for name in devices}
    spec = {"name": "live", "dataset": {"path": str(data), "split": {"by": "group"}}, "devices": devices}
    study = Study.create({**spec, "search_space": "motion-continuous", "budgets": budgets}, studies=studies)
    creation = study.history.creation
    space = space_of(creation)
    dataset = open_study_dataset(study.history.spec.dataset)
    appraise = Appraiser(dataset, task_named(study.summary.task), targets_of(creation))
    trials: list[Trial] = []
    while len(trials) < count:
        suggest = RecordingSuggest(RandomSuggest(rng))
        candidate = space.sample(suggest)
        try:
            predicted, features = appraise(candidate)
        except BuildError:
            continue
        trial = Trial(len(trials), suggest.parameters, candidate, len(trials), predicted, features)
        trials.append(replace(trial, training=trained(trial, rng)) if predicted.fits_any else rejected(trial))
    return trials


def trained(trial: Trial, rng: np.random.Generator) -> TrainingResult:
    assert trial.predicted is not None
    labels = ("circle", "idle", "shake")
    truth = rng.integers(0, 3, 120)
    certainty = rng.uniform(0.2, 3.0)
    probabilities = rng.dirichlet((0.3, 0.3, 0.3), 120) + certainty * np.eye(3)[truth]
    score = classification_score(
        (probabilities / probabilities.sum(1, keepdims=True)).astype(np.float32), truth, labels
    )
    costs = trial.predicted.costs
    inspected = replace(trial.predicted, costs=tuple(replace(cost) for cost in costs))
    assert costs[0].ram.total.method is Method.PREDICTED
    curve = tuple(Epoch(1 / n, 1 - 0.5 / n, 1.1 / n, 1 - 0.6 / n) for n in range(1, 31))
    mean = tuple(float(value) for value in rng.standard_normal(33))
    seconds = {"train": 1.5, "convert": 0.2, "evaluate": 0.1}
    return TrainingResult(curve, 29, score, score, inspected, mean, mean, Artifact("0" * 64, 20_000), seconds)


def rejected(trial: Trial) -> Trial:
    assert trial.predicted is not None
    reasons = [reason for verdict in trial.predicted.verdicts for reason in verdict.reasons]
    return replace(trial, reason="; ".join(reasons))


def append(folder: Path, trials: list[Trial]) -> None:
    with closing(open_store(folder, write=True)) as store:
        store.append(Event(*started(Session(len(trials) + 1000, None, 2)), at=time.time()))
        for trial in trials:
            store.append(Event(*told(trial), at=time.time()))


def go_on(folder: Path, trials: list[Trial], seconds: float) -> None:
    """Write five trials a second, as a study on a fast machine does."""
    end = time.monotonic() + seconds
    with closing(open_store(folder, write=True)) as store:
        for trial in trials:
            if time.monotonic() > end:
                return
            store.append(Event(*told(trial), at=time.time()))
            time.sleep(0.2)


@contextmanager
def serving(studies: Path) -> Iterator[str]:
    command = [sys.executable, "-c", "from tuner.cli import main; main()", "serve", "--port", "0", "--studies", studies]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        url = next(word for line in server.stderr for word in line.split() if word.startswith("http://"))
        while True:
            try:
                httpx.get(f"{url}/api/v1/health", timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        try:
            yield url
        finally:
            server.terminate()


def load(url: str, *, clients: int, every_s: float, seconds: float) -> dict[str, list[float]]:
    """Return the seconds of each call by name."""
    times: dict[str, list[float]] = defaultdict(list)
    end = time.monotonic() + seconds

    def watch(place: int) -> None:
        time.sleep(every_s * place / clients)
        with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as http:
            while (begin := time.monotonic()) < end:
                for name, path in PAGE.items():
                    start = time.perf_counter()
                    http.get(path).raise_for_status()
                    times[name].append(time.perf_counter() - start)
                time.sleep(max(0.0, begin + every_s - time.monotonic()))

    threads = [threading.Thread(target=watch, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def process_of(url: str) -> psutil.Process:
    """Return the process that listens there."""
    port = httpx.URL(url).port
    connections = psutil.net_connections("tcp")
    pid = next(one.pid for one in connections if one.status == "LISTEN" and one.laddr.port == port)
    return psutil.Process(pid)


def table(
    times: dict[str, list[float]], options: argparse.Namespace, first_s: float, memory: float, cpu_s: float
) -> str:
    def row(name: str, seconds: list[float]) -> str:
        figures = [1000 * float(figure) for figure in np.percentile(seconds, (50, 95, 99))]
        return f"| {name} | {len(seconds)} | {' | '.join(f'{figure:.0f}' for figure in figures)} |"

    every = [second for seconds in times.values() for second in seconds]
    calls = len(every) / options.seconds
    lines = [
        "# The service under load",
        "",
        __doc__.partition("\n\n")[2].strip(),
        "",
        f"{options.trials:,} trials and five more a second; {options.clients} clients, each asking for all of the "
        f"table every {options.every_s:g} s, for {options.seconds:g} s: {calls:.0f} calls a second. "
        f"{os.cpu_count()} cores, Python {platform.python_version()}; the machine was shared, "
        f"its load was {os.getloadavg()[1]:.1f}.",
        "",
        "| call | calls | median, ms | p95, ms | p99, ms |",
        "|---|---:|---:|---:|---:|",
        *(row(name, seconds) for name, seconds in times.items()),
        row("**all**", every),
        "",
        f"The first look at the study, which reads its whole record, took {first_s:.1f} s; afterwards only what is new "
        f"is read. Under load the server held {memory:.0f} MiB and took {1000 * cpu_s / len(every):.0f} ms of CPU a "
        f"call, the reading of new trials included; where the machine is busy with other work, calls wait for their "
        f"share of it. `python -m benchmarks.service_load --write` writes this page.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""Kill a study's driver at random moments and see what is lost: `python benchmarks/kill_and_resume.py STUDY.yaml`.

Each round starts or resumes the study with real Ray workers, waits a random time, and kills the driver with SIGKILL.
Before and after each kill the record is read: a trial that was complete must still be there, with the very result it
had (wall times are part of a result, so a trial that was trained again would differ).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tuner import State, Study
from tuner.record import TrainingResult
from tuner.study.spec import read_spec

Results = dict[int, TrainingResult | None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=1000, help="more than the drivers get done")
    parser.add_argument("--longest-s", type=float, default=45, help="the longest a driver lives")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    name = read_spec(options.study).name
    with tempfile.TemporaryDirectory() as folder:
        studies = Path(folder)
        lost = rerun = 0
        for kill in range(options.kills):
            begun = (studies / name).exists()
            command = ["resume", name] if begun else ["run", str(options.study), "--trials", str(options.trials)]
            before = completed(studies, name)
            start_and_kill(command, studies, after_s=rng.uniform(1, options.longest_s))
            after = completed(studies, name)
            lost += sum(number not in after for number in before)
            rerun += sum(number in after and after[number] != result for number, result in before.items())
            print(f"kill {kill + 1}: {len(before)} → {len(after)} complete, lost {lost}, run again {rerun}", flush=True)
        # The time limit is long past: what was pending is brought to its end, and nothing new is begun.
        last = program("resume", name, "--time-limit", "1s", "--studies", str(studies))
        final = subprocess.run(last, stdout=subprocess.DEVNULL, check=False)
        study = Study.open(name, studies=studies)
        print(f"{options.kills} kills: {lost} trials lost, {rerun} run again; then resumed, exit code "
              f"{final.returncode}: {study.counts}")  # fmt: skip
        return int(lost > 0 or rerun > 0 or final.returncode != 0)


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from tuner.cli import main; main()", *arguments]


def start_and_kill(command: list[str], studies: Path, *, after_s: float) -> None:
    driver = subprocess.Popen(program(*command, "--studies", str(studies)), stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()


def completed(studies: Path, name: str) -> Results:
    if not (studies / name / "study.db").exists():
        return {}
    trials = Study.open(name, studies=studies).trials
    return {trial.number: trial.training for trial in trials if trial.state is not State.PENDING}


if __name__ == "__main__":
    sys.exit(main())

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tuner import Study


def tuner(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from tuner.cli import main; main()", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def study_file(toy_spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "toy.yaml"
    path.write_text(yaml.safe_dump(toy_spec), encoding="utf-8")
    return path


def test_help_names_every_command_and_loads_neither_tensorflow_nor_ray() -> None:
    program = (
        "import sys\n"
        "from tuner.cli.app import app\n"
        "sys.argv = ['tuner', '--help']\n"
        "try:\n    app()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'tf_keras', 'ray', 'optuna', 'plotly', 'pandas', 'fastapi', 'dash', 'httpx'}\n"
        "assert not heavy & set(sys.modules), 'heavy'\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    for command in ("run", "resume", "extend", "status", "report", "compare", "select", "export"):
        assert f"\n│ {command} " in result.stdout


def test_importing_the_package_loads_neither_tensorflow_nor_ray() -> None:
    program = "import sys, tuner; tuner.Study; assert not {'tensorflow', 'ray', 'optuna', 'pandas'} & set(sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture(scope="session")
def finished(study_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of studies in which `tuner run` has run one."""
    studies = tmp_path_factory.mktemp("cli") / "studies"
    result = tuner("run", study_file, "--trials", "3", "--studies", studies, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["counts"]["trained"] == 3
    return studies


def test_status_shows_counts_and_a_front_per_device(finished: Path) -> None:
    result = tuner("status", "toy", "--studies", finished)

    assert result.returncode == 0
    assert "trained 3 · failed 0" in result.stdout
    assert "Raspberry Pi Pico" in result.stdout
    assert "STM32F746G Discovery" in result.stdout


def test_select_then_export_hands_over_a_model(finished: Path, tmp_path: Path) -> None:
    chosen = tuner("select", "toy", "--device", "raspberry-pi-pico", "--knee", "--studies", finished, "--json")
    trial = json.loads(chosen.stdout)["trial"]

    exported = tuner(
        "export", "toy", "--trial", str(trial), "--device", "raspberry-pi-pico",
        "--output", tmp_path / "firmware", "--studies", finished,
    )  # fmt: skip

    assert exported.returncode == 0, exported.stderr
    assert sorted(path.name for path in (tmp_path / "firmware").iterdir()) == [
        "golden.json", "manifest.json", "model.cc", "model.h", "model.tflite",
    ]  # fmt: skip


def test_select_without_a_match_ends_with_1_and_says_what_comes_nearest(finished: Path) -> None:
    result = tuner("select", "toy", "--device", "raspberry-pi-pico", "--max-ram", "10B", "--studies", finished)

    assert result.returncode == 1
    assert "hint: trial" in result.stderr


def test_extend_trains_more(finished: Path) -> None:
    before = Study.open("toy", studies=finished).counts.trained

    result = tuner("extend", "toy", "--trials", "1", "--studies", finished, "--json")

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["counts"]["trained"] == before + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "missing.yaml"], "missing.yaml: there is no such file"),
        (["status", "nothing"], "there is no study 'nothing'"),
        (["select", "nothing", "--device", "x"], "there is no study 'nothing'"),
        (["resume", "nothing"], "there is no study 'nothing'"),
    ],
)
def test_bad_input_ends_with_2_one_message_and_no_traceback(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = tuner(*arguments, cwd=tmp_path)

    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_time_limit_leaves_no_study_behind(study_file: Path, tmp_path: Path) -> None:
    result = tuner("run", study_file, "--time-limit", "10", "--studies", tmp_path / "studies")

    assert result.returncode == 2
    assert "'10' is not a duration" in result.stderr
    assert not (tmp_path / "studies").exists()


def test_a_study_in_which_nothing_fits_ends_with_1(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    spec = toy_spec | {
        "devices": ["raspberry-pi-pico"],
        "budgets": {"raspberry-pi-pico": {"ram": "1 KiB"}},
        "limits": {"trials": 1, "samples": 3},
    }
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")

    result = tuner("run", tmp_path / "toy.yaml", "--studies", tmp_path)

    assert result.returncode == 1
    assert "no candidate that fits a device was trained" in result.stderr


def start(study_file: Path, studies: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-c", "from tuner.cli import main; main()"]
    arguments = ["run", str(study_file), "--studies", str(studies), "--trials", "6"]
    return subprocess.Popen([*program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_trained(studies: Path, count: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if (studies / "toy" / "study.db").exists() and Study.open("toy", studies=studies).counts.trained >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the study did not get on")


def test_a_killed_driver_loses_no_completed_trial_and_resume_ends_the_study(study_file: Path, tmp_path: Path) -> None:
    driver = start(study_file, tmp_path)
    wait_for_trained(tmp_path, 2)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    done = {t.number: t.training for t in Study.open("toy", studies=tmp_path).trials if t.training is not None}

    result = tuner("resume", "toy", "--studies", tmp_path, "--json")

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["counts"]["trained"] == 6
    study = Study.open("toy", studies=tmp_path)
    assert {number: study.trial(number).training for number in done} == done


def test_ctrl_c_stops_cleanly_with_130_and_says_how_to_go_on(study_file: Path, tmp_path: Path) -> None:
    driver = start(study_file, tmp_path)
    wait_for_trained(tmp_path, 1)

    driver.send_signal(signal.SIGINT)
    _, messages = driver.communicate(timeout=60)

    assert driver.returncode == 130
    assert "tuner resume toy" in messages.decode()
    assert "Traceback" not in messages.decode()
    assert Study.open("toy", studies=tmp_path).summary.stopped == "it was interrupted"

"""Measure the report of a large study: bytes of the file, and seconds until Chromium shows its first figure.

    python benchmarks/report_size.py --trials 2000 --repeats 5

The study is made up by the formula of the tests, real candidates with plausible costs and scores.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tuner.report.write import write_report

_MADE_UP = Path(__file__).parents[1] / "tests" / "report" / "conftest.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    spec = importlib.util.spec_from_file_location("made_up", _MADE_UP)
    assert spec is not None
    assert spec.loader is not None
    made_up = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made_up)
    trials = made_up.trials(arguments.trials)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        begun = time.perf_counter()
        path = write_report(made_up.summary(), trials, Path(folder) / "report.html")
        written = time.perf_counter() - begun
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened = [_opened(browser, path) for _ in range(arguments.repeats)]
        browser.close()
        size = path.stat().st_size
    print(f"{arguments.trials} trials, {sum(trial.score is not None for trial in trials)} trained")
    print(f"file: {size / 1e6:.2f} MB, written in {written:.1f} s")
    for name, column in zip(
        ("seconds on the clock", "processor seconds of the page"), zip(*opened, strict=True), strict=True
    ):
        print(f"first figure after {statistics.median(column):.2f} {name} ({min(column):.2f} – {max(column):.2f})")
    return int(size > 8e6 or statistics.median(processor for _, processor in opened) > 3)


def _opened(browser: Browser, path: Path) -> tuple[float, float]:
    """Return what it takes from opening the file to the first figure: on the clock, and of the page's processor time.

    The second is what the clock would say of a machine that does nothing else.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    begun = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector(".figure .main-svg")
    seconds = time.perf_counter() - begun
    metrics = {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}
    page.close()
    return seconds, metrics["ProcessTime"]


if __name__ == "__main__":
    sys.exit(main())

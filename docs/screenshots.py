"""Take the pictures of the dashboard in docs/images, of a real study of the example's recordings.

    python docs/screenshots.py                      # prepares the recordings, runs the study, some minutes
    python docs/screenshots.py --studies demo/studies   # of the study that `make demo` left

Needs Debian's chromium. `--scheme dark` and `--phone` show the other looks, into another `--output`.
"""

from __future__ import annotations

import argparse
import io
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
import yaml
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import tuner.dashboard
from tuner import Study
from tuner.client import Client
from tuner.service.app import create_app
from tuner.service.in_process import in_process_client
from tuner.service.settings import Settings

_ROOT = Path(__file__).parents[1]
_NAME = "shoulder-exercises"
_LARGEST_BYTES = 150_000


def main() -> None:
    """Prepare, serve, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=Path, help="a folder with the finished study of the example")
    parser.add_argument("--output", type=Path, default=_ROOT / "docs" / "images")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--only", nargs="+", metavar="VIEW", help="by the name in the picture's file")
    parser.add_argument("--phone", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, studies = Path(folder) / "recordings" / _NAME, Path(folder) / "studies"
        subprocess.run([sys.executable, _ROOT / "examples" / "motion" / "prepare.py", data], check=True)
        if arguments.studies:
            shutil.copytree(arguments.studies / _NAME, studies / _NAME)
        else:
            Study.create(_study(_NAME, data, trials=60), studies=studies).run(workers=0)
        app = create_app(Settings(studies=studies, data_roots=(data.parent,)))
        client = in_process_client(app)
        tuner.dashboard.attach(app, client)
        url, server, thread = _served(app)
        client.register_dataset(_NAME, str(data))
        client.create_study(
            _study("another-seed", data, trials=120) | {"dataset": {"path": _NAME}, "workers": 0, "seed": 2}
        )
        while client.study("another-seed").entry.counts.trained < 5:
            time.sleep(0.5)
        _take(url, client, studies, arguments)
        client.cancel_study("another-seed")
        server.should_exit = True
        thread.join()


def _study(name: str, data: Path, *, trials: int) -> dict[str, object]:
    study: dict[str, object] = yaml.safe_load(
        (_ROOT / "examples" / "motion" / "study.yaml").read_text(encoding="utf-8")
    )
    return study | {
        "name": name,
        "dataset": {"path": str(data), "split": {"by": "group"}},
        "limits": {"trials": trials},
    }


def _served(app: object) -> tuple[str, uvicorn.Server, threading.Thread]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.05)
    return f"http://127.0.0.1:{listener.getsockname()[1]}", server, thread


def _take(url: str, client: Client, studies: Path, arguments: argparse.Namespace) -> None:
    best = [row.number for row in client.trials(_NAME, on_front=True, sort="-quality", limit=3).rows]
    chosen = ",".join(f"{_NAME}:{number}" for number in best)
    boards = "raspberry-pi-pico,arduino-nano-33-ble-sense,stm32f746g-discovery"
    views = {
        "studies": "/",
        "study": f"/studies/{_NAME}",
        "candidates": f"/studies/{_NAME}?tab=candidates",
        "analysis": f"/studies/{_NAME}?tab=analysis",
        "now": "/studies/another-seed?tab=now",
        "trial": f"/studies/{_NAME}/trials/{best[0]}",
        "select": f"/studies/{_NAME}/select?latency=0.8",
        "compare": f"/compare?trials={chosen}",
        "new": f"/new?dataset={_NAME}&space=motion-continuous&devices={boards}",
        "devices": "/devices",
        "profile": "/profile",
    }
    model = next((studies / _NAME / "artifacts").glob("*.tflite"))
    size = {"width": 390, "height": 844} if arguments.phone else {"width": 1280, "height": 800}
    arguments.output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport=size, color_scheme=arguments.scheme, reduced_motion="reduce")
        for name, path in views.items():
            if arguments.only and name not in arguments.only:
                continue
            page = context.new_page()
            page.goto(url + path)
            if name == "profile":
                page.set_input_files("#profile-file input", model)
                page.wait_for_selector("text=/It fits/")
            if name == "new":
                page.wait_for_selector("#new-share >> text=/describe a network/", timeout=120_000)
            if "?tab=" in path or name == "study":
                page.locator(".mantine-Tabs-list").evaluate("element => scrollTo(0, element.offsetTop - 90)")
            _settle(page)
            _keep(page.screenshot(), arguments.output / f"dashboard-{name}.png")
            page.close()
        browser.close()


def _settle(page: Page) -> None:
    """Wait until nothing more is drawn: two looks at the page are the same."""
    page.wait_for_selector("main *")
    before = b""
    for _ in range(40):
        page.wait_for_timeout(700)
        now = page.screenshot()
        if now == before:
            return
        before = now


def _keep(picture: bytes, path: Path) -> None:
    """Write a picture as small as it gets, with 256 colours where all of them take too much."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.save(path, optimize=True)
    if path.stat().st_size > _LARGEST_BYTES:
        image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}  {size / 1000:.0f} kB")
    if size > _LARGEST_BYTES:
        raise SystemExit(f"{path} is larger than {_LARGEST_BYTES / 1000:.0f} kB")


if __name__ == "__main__":
    main()

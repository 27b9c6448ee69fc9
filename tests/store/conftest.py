import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a private server in a temporary folder, reached by a socket there."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    root = os.getuid() == 0
    owner = {"user": "nobody", "group": "nogroup"} if root else {}  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path may have 107 characters
    if root:
        shutil.chown(folder, **owner)

    def program(name: str, *arguments: str) -> None:
        subprocess.run(
            [programs / name, "-D", folder / "data", *arguments], check=True, capture_output=True, cwd=folder, **owner
        )

    program("initdb", "--username=tuner", "--auth=trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    program("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "-o", options)
    yield f"postgresql://tuner@/postgres?host={folder}"
    program("pg_ctl", "stop", "-m", "immediate")
    shutil.rmtree(folder)

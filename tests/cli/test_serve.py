import subprocess
import sys
from pathlib import Path

import pytest

from tuner.cli.serve import _token
from tuner.errors import InputError
from tuner.service.guard import hashed


def serve(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tuner.cli import main; main()", "serve", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_other_addresses_than_loopback_need_a_token(tmp_path: Path) -> None:
    refused = serve("--host", "0.0.0.0", "--studies", tmp_path)

    assert refused.returncode == 2
    assert "no token is asked for" in refused.stderr
    assert "--token-file" in refused.stderr
    assert not any(tmp_path.iterdir())


def test_a_token_is_kept_as_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("0123456789abcdef0123\n")
    assert _token(file) == hashed("0123456789abcdef0123")

    file.write_text(f"sha256:{hashed('0123456789abcdef0123')}\n")
    assert _token(file) == hashed("0123456789abcdef0123")


@pytest.mark.parametrize(("text", "message"), [("short", "at least 16"), ("sha256:12", "64 hexadecimal digits")])
def test_weak_tokens_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "token").write_text(text)

    with pytest.raises(InputError, match=message):
        _token(tmp_path / "token")

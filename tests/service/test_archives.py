import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from tuner.errors import DataError
from tuner.service.archives import unpack

LIMIT = 64 * 1024**2


def zipped(tmp_path: Path, *files: tuple[str, bytes], link: str = "") -> Path:
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
        if link:
            info = zipfile.ZipInfo("link")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, link)
    return path


def tarred(tmp_path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = tmp_path / "upload.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_files_come_out_as_they_went_in(tmp_path: Path) -> None:
    target = tmp_path / "out"

    unpack(zipped(tmp_path, ("a/1.csv", b"x"), ("b/2.csv", b"y")), "data.zip", target, limit_bytes=LIMIT)

    assert {str(path.relative_to(target)) for path in target.rglob("*.csv")} == {"a/1.csv", "b/2.csv"}


def test_a_single_top_folder_is_left_out(tmp_path: Path) -> None:
    target = tmp_path / "out"

    unpack(
        tarred(tmp_path, (entry("data/a/1.csv"), b"x"), (entry("data/b.csv"), b"y")), "d.tgz", target, limit_bytes=LIMIT
    )

    assert (target / "a" / "1.csv").read_bytes() == b"x"
    assert (target / "b.csv").is_file()


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../outside", "C:/windows", "..\\outside"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    for archive, filename in (
        (zipped(tmp_path, ("fine.csv", b"x"), (name, b"y")), "d.zip"),
        (tarred(tmp_path, (entry("fine.csv"), b"x"), (entry(name), b"y")), "d.tar.gz"),
    ):
        with pytest.raises(DataError, match="leads out of its folder"):
            unpack(archive, filename, tmp_path / "out", limit_bytes=LIMIT)

        assert not (tmp_path / "out").exists()
        assert not (tmp_path.parent / "outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(DataError, match="is a link or device"):
        unpack(tarred(tmp_path, (entry("l", kind, "/etc/passwd"), b"")), "d.tar.gz", tmp_path / "o", limit_bytes=LIMIT)
    with pytest.raises(DataError, match="is a link or device"):
        unpack(zipped(tmp_path, link="/etc/passwd"), "d.zip", tmp_path / "o", limit_bytes=LIMIT)


def test_bombs_are_defused(tmp_path: Path) -> None:
    bomb = zipped(tmp_path, ("zeros.csv", bytes(48 * 1024**2)))
    assert bomb.stat().st_size < 100_000

    with pytest.raises(DataError, match="unpacks to more than"):
        unpack(bomb, "d.zip", tmp_path / "out", limit_bytes=LIMIT)

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("filename", ["d.zip", "d.tar.gz", "d.tar"])
def test_what_is_no_archive_is_said_so(tmp_path: Path, filename: str) -> None:
    (tmp_path / "upload").write_bytes(b"PK\x03\x04 nothing of the kind")

    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "upload", filename, tmp_path / "out", limit_bytes=LIMIT)

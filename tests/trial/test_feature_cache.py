import os
from pathlib import Path

import numpy as np

from tuner.trial.feature_cache import FeatureCache

ARRAYS = {"features": np.arange(1000, dtype=np.float32), "truth": np.arange(3)}


def test_what_was_put_is_got(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features")

    cache.put("a1", ARRAYS)
    got = cache.get("a1")

    assert got is not None
    assert {name: values.tolist() for name, values in got.items()} == {k: v.tolist() for k, v in ARRAYS.items()}
    assert got["features"].dtype == np.float32


def test_what_was_never_put_is_absent(tmp_path: Path) -> None:
    assert FeatureCache(tmp_path).get("a1") is None


def test_a_damaged_entry_counts_as_absent(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put("a1", ARRAYS)
    (tmp_path / "a1.npz").write_bytes((tmp_path / "a1.npz").read_bytes()[:500])

    assert cache.get("a1") is None


def test_the_least_recently_used_leave_first_when_the_limit_is_reached(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, limit_bytes=12_000)  # an entry takes some 4.5 kB
    for age, key in ((300, "a1"), (200, "b2")):
        cache.put(key, ARRAYS)
        os.utime(tmp_path / f"{key}.npz", (os.stat(tmp_path).st_mtime - age,) * 2)  # noqa: PTH116
    cache.get("a1")

    cache.put("c3", ARRAYS)

    assert sorted(path.stem for path in tmp_path.glob("*.npz")) == ["a1", "c3"]


def test_what_cannot_be_written_is_not_kept_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = FeatureCache(tmp_path / "file" / "features")

    cache.put("a1", ARRAYS)

    assert cache.get("a1") is None

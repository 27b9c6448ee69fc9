import msgpack
import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.errors import ConfigError
from tuner.training.learned.published import SOURCES, published_weights


def _random(name: str, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {key: generator.normal(size=shape).astype(np.float32) for key, shape in SOURCES[name].shapes().items()}


def _flax(arrays: dict[str, np.ndarray]) -> bytes:
    tree: dict = {}
    for path, array in arrays.items():
        *folders, name = path.split("|")
        if "rnn|linear" in path:  # Haiku's own name has a slash
            folders = ["rnn_params", "rnn/linear"]
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = msgpack.ExtType(1, msgpack.packb((array.shape, array.dtype.name, array.tobytes())))
    return msgpack.packb(tree)


def test_without_weights_the_message_says_where_they_are_published(monkeypatch):
    monkeypatch.delenv("TUNER_VELO_WEIGHTS", raising=False)

    with pytest.raises(ConfigError) as refusal:
        published_weights(Settings.of("velo"))

    assert "needs its published weights" in str(refusal.value)
    assert "https://huggingface.co/amoudgl/velo-4000" in refusal.value.hint
    assert "TUNER_VELO_WEIGHTS" in refusal.value.hint


@pytest.mark.parametrize("name", SOURCES)
def test_weights_are_read_from_flax_files_that_an_environment_variable_names(name, tmp_path, monkeypatch):
    arrays = _random(name)
    path = tmp_path / "theta.state"
    path.write_bytes(_flax(arrays))
    monkeypatch.setenv(SOURCES[name].variable, str(path))

    read = published_weights(Settings.of(name))

    assert all(np.array_equal(read[key], array) for key, array in arrays.items())


def test_googles_own_checkpoints_hold_them_one_level_deeper(tmp_path):
    arrays = _random("celo")
    tree = msgpack.unpackb(_flax(arrays))
    path = tmp_path / "params"
    path.write_bytes(msgpack.packb({"params": tree, "gen_id": "", "step": 3}))

    assert published_weights(Settings.of("celo", weights=str(path))).keys() == arrays.keys()


def test_the_weights_of_another_optimizer_are_refused(tmp_path):
    path = tmp_path / "theta.npz"
    np.savez(path, **_random("celo-adam"))

    with pytest.raises(ConfigError, match=r"holds other weights: 'ff_mod_stack.*is missing, expected") as refusal:
        published_weights(Settings.of("celo", weights=str(path)))

    assert "huggingface.co/amoudgl/celo " in refusal.value.hint


@pytest.mark.parametrize("content", [b"", b"not an archive", msgpack.packb([1, 2]), msgpack.packb({"a": {}})])
def test_what_is_no_weights_file_is_refused(tmp_path, content):
    path = tmp_path / "theta.state"
    path.write_bytes(content)

    with pytest.raises(ConfigError):
        published_weights(Settings.of("celo", weights=str(path)))


def test_pickles_are_not_opened(tmp_path):
    path = tmp_path / "theta.npz"
    np.savez(path, **{"rnn_params|rnn|linear|w": np.array([{}], dtype=object)})

    with pytest.raises(ConfigError, match="neither Flax's serialization nor npz"):
        published_weights(Settings.of("celo", weights=str(path)))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.state"):
        published_weights(Settings.of("celo", weights=str(tmp_path / "nowhere.state")))


def test_weights_that_are_not_finite_are_refused(tmp_path):
    arrays = _random("celo-adam")
    arrays["rnn_params|step_size|b"][0] = np.nan
    path = tmp_path / "theta.npz"
    np.savez(path, **arrays)

    with pytest.raises(ConfigError, match=r"'rnn_params\|step_size\|b' is not finite"):
        published_weights(Settings.of("celo-adam", weights=str(path)))

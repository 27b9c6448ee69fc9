import numpy as np
import pytest

from tuner.candidate import Block, Settings
from tuner.dsp import registry
from tuner.dsp.block import BlockCost, Operations
from tuner.dsp.chain import cost_of, extract_all, features_of
from tuner.dsp.custom import load_blocks
from tuner.dsp.registry import BLOCKS, block
from tuner.errors import BuildError, ConfigError

FUNCTIONS = """
from tuner.dsp.block import BlockCost, Operations
from tuner.dsp.custom import preprocessing

@preprocessing("peak-to-peak")
def peak_to_peak(windows, signal, *, scale: float = 1.0):
    return scale * (windows.max(axis=1) - windows.min(axis=1))

@preprocessing("first", cost=lambda signal: BlockCost(Operations(move=len(signal.axes))))
def first(windows, signal):
    return windows[:, 0]
"""

CLASS = """
from typing import ClassVar
import numpy as np
from tuner.dsp import Parameters, register
from tuner.signal import Features, Signal

class Energy(Parameters):
    type: ClassVar[str] = "energy"
    power: int = 2

    def features(self, signal: Signal) -> Features:
        return Features((len(signal.axes),))

    def extract(self, windows, signal):
        return (np.abs(windows) ** self.power).mean(axis=1)

register(Energy)
"""


@pytest.fixture(autouse=True)
def no_traces(monkeypatch):
    blocks = dict(BLOCKS)
    yield
    registry._blocks.clear()
    registry._blocks.update(blocks)


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "blocks.py"
        path.write_text(text)
        return load_blocks(path)

    return load


def test_functions_become_blocks_with_their_keyword_arguments_as_parameters(load, motion, motion_windows):
    assert load(FUNCTIONS) == ("peak-to-peak", "first")
    chain = (Block(Settings.of("peak-to-peak", scale=2.0)),)

    found = extract_all(chain, motion_windows, motion)

    assert features_of(chain, motion).shape == (3,)
    np.testing.assert_allclose(found, 2 * np.ptp(motion_windows, axis=1))


def test_a_cost_that_is_not_stated_is_unknown(load, motion):
    load(FUNCTIONS)

    assert not cost_of((Block(Settings("peak-to-peak")),), motion)[0].known
    assert cost_of((Block(Settings("first")),), motion)[0] == BlockCost(Operations(move=3))


def test_a_class_becomes_a_block(load, motion, motion_windows):
    assert load(CLASS) == ("energy",)

    found = extract_all((Block(Settings.of("energy", power=4)),), motion_windows, motion)

    np.testing.assert_allclose(found, (motion_windows**4).mean(axis=1), rtol=1e-5)


def test_parameters_of_own_blocks_are_checked_like_any_others(load):
    load(FUNCTIONS)

    with pytest.raises(ConfigError, match="unknown parameter 'scael'.*did you mean 'scale'"):  # noqa: RUF043
        block(Settings.of("peak-to-peak", scael=1.0))
    with pytest.raises(ConfigError, match="parameter 'scale' is 'x'"):
        block(Settings.of("peak-to-peak", scale="x"))


def test_loading_an_edited_file_again_replaces_its_blocks(load, motion, motion_windows):
    load(FUNCTIONS)

    assert "peak-to-peak" in load(FUNCTIONS.replace("scale *", "10 * scale *"))
    found = extract_all((Block(Settings("peak-to-peak")),), motion_windows, motion)
    np.testing.assert_allclose(found, 10 * np.ptp(motion_windows, axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "registers no block"),
        ("1 / 0", "cannot be run: ZeroDivisionError"),
        ("from tuner.dsp import register\nregister(int)", "'int' is not a class derived from tuner.dsp.Parameters"),
        (CLASS.replace('"energy"', '"raw"'), "type 'raw' is taken"),
        (CLASS.replace("def extract", "def other"), "'Energy' lacks extract"),
        (FUNCTIONS.replace("scale: float = 1.0", "scale=1.0"), "'scale' needs a type and a default"),
    ],
)
def test_a_file_that_gives_no_block_is_named_with_the_reason(load, text, message):
    with pytest.raises(ConfigError, match=rf"blocks\.py: .*{message}"):
        load(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.py: there is no such"):
        load_blocks(tmp_path / "nothing.py")


def test_a_function_that_gives_no_row_for_each_window_is_named(load, motion):
    load(FUNCTIONS.replace("windows[:, 0]", "windows[0]"))

    with pytest.raises(BuildError, match=r"block 'first' gives an array of shape \(125, 3\) for 1 windows"):
        features_of((Block(Settings("first")),), motion)


def test_features_other_than_announced_are_named(load, motion, motion_windows):
    load(CLASS.replace("(len(signal.axes),)", "(7,)"))

    with pytest.raises(BuildError, match="gives 3 features, it announced 7"):
        extract_all((Block(Settings("energy")),), motion_windows, motion)


def test_blocks_of_installed_packages_are_found_by_their_entry_point(tmp_path, monkeypatch, motion):
    (tmp_path / "energy_package.py").write_text(CLASS.replace("register(Energy)", ""))
    metadata = tmp_path / "energy_package-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: energy-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[tuner.blocks]\nenergy = energy_package:Energy\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._register_installed.cache_clear()

    assert block(Settings("energy")).features(motion).shape == (3,)
    registry._register_installed.cache_clear()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner import units
from tuner.errors import InputError


@pytest.mark.parametrize(
    ("text", "count"), [("64 KiB", 65536), ("64KiB", 65536), ("1 MB", 10**6), ("12", 12), (7, 7), ("1.5 KiB", 1536)]
)
def test_sizes_are_read(text: str | int, count: int) -> None:
    assert units.parse_bytes(text) == count


@pytest.mark.parametrize("text", ["64 kilo", "KiB", "", "-1 KiB", "0.3 B", True, "1e3", "64 KiB or so"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as caught:
        units.parse_bytes(text)

    assert "64 KiB" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "seconds"), [("10 ms", 0.01), ("30m", 1800), ("2 h", 7200), ("250 us", 2.5e-4), ("1.5 s", 1.5)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert units.parse_seconds(text) == pytest.approx(seconds)
    assert units.parse_milliseconds(text) == pytest.approx(1000 * seconds)


def test_a_duration_without_a_unit_is_refused_for_nobody_knows_what_it_means() -> None:
    with pytest.raises(InputError, match="'10' is not a duration"):
        units.parse_seconds("10")


def test_frequencies_are_read() -> None:
    assert units.parse_hertz("80 MHz") == 80e6
    assert units.parse_hertz(50) == 50


@given(st.integers(0, 2**40))
def test_sizes_read_back_as_written(count: int) -> None:
    assert units.parse_bytes(units.write_bytes(count)) == count


@given(st.floats(1e-9, 1e9))
def test_durations_read_back_as_written(seconds: float) -> None:
    assert units.parse_seconds(units.write_seconds(seconds)) == seconds
    assert units.parse_milliseconds(units.write_milliseconds(seconds)) == pytest.approx(seconds, rel=1e-15)


def test_figures_are_written_for_people() -> None:
    assert [units.format_bytes(count) for count in (12, 131072, 3 * 1024**2)] == ["12 B", "128.0 KiB", "3.0 MiB"]
    assert [units.format_milliseconds(ms) for ms in (0.0123, 12.34, 61_000)] == ["12.3 µs", "12.3 ms", "61.0 s"]
    assert [units.format_seconds(s) for s in (3.21, 95, 7300)] == ["3.2 s", "1 m 35 s", "2 h 01 m"]

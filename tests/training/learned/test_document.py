from pathlib import Path

import pytest

from tuner.training.learned.known import LIMITS
from tuner.training.learned.published import SOURCES

TEXT = (Path(__file__).parents[3] / "docs" / "learned-optimizers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_those_that_the_document_states(name):
    (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")]
    low, high = LIMITS[name].steps

    assert f"{low:,} to {high:,} steps" in row
    if LIMITS[name].batch is not None:
        assert "batches of {:,} to {:,}".format(*LIMITS[name].batch) in row


def test_the_document_says_where_weights_come_from_and_go():
    for source in SOURCES.values():
        assert source.where.partition(" ")[0] in TEXT
        assert source.variable in TEXT

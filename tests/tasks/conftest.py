import pytest

from tuner.candidate import Block, Candidate, Settings, Training, Window


@pytest.fixture
def candidate() -> Candidate:
    training = Training(Settings.of("adam", learning_rate=0.01), batch_size=8, epochs=2, patience=2)
    block = Block(Settings("raw"))
    return Candidate(Window(1000, 1000), (block,), Settings.of("dense", layers=0), training, Settings("int8"))

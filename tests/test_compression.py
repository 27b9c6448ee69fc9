import pytest

from tuner.candidate import Candidate, Settings
from tuner.compression import COMPRESSIONS, compression
from tuner.errors import ConfigError


def test_every_form_can_be_had_without_parameters():
    for name in COMPRESSIONS:
        assert compression(Settings(name)).width == 1.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings("int4"), "no compression is called 'int4'. Hint: "),
        (Settings.of("float32", calibration=5), "unknown key 'calibration'"),
        (Settings.of("int8", sparsity=1.0), "sparsity: input should be less than 1"),
        (Settings.of("int8", clusters=1), "clusters is 1, expected 0 or at least 2"),
        (Settings.of("int8", width=0.0), "width: input should be greater than 0"),
        (Settings("int8", (("teachers.0.filters", 3),)), "a teacher needs a type"),
    ],
)
def test_what_is_no_compression_is_named(settings: Settings, message: str):
    with pytest.raises(ConfigError) as refusal:
        compression(settings)

    assert message in str(refusal.value)


def test_teachers_are_architectures_with_parameters():
    settings = Settings("int8", (("teachers.0.type", "dense"), ("teachers.0.neurons", 40), ("teachers.1.type", "tcn")))

    assert compression(settings).architectures == (Settings.of("dense", neurons=40), Settings("tcn"))


def test_a_form_without_parameters_keeps_the_identity_of_candidates_of_before():
    candidate = Candidate.from_json(
        {
            "window": {"size_ms": 1000.0, "stride_ms": 500.0},
            "preprocessing": [],
            "architecture": {"type": "dense"},
            "training": {"optimizer": {"type": "adam"}, "batch_size": 8, "epochs": 1, "patience": 1},
            "compression": {"type": "int8"},
        }
    )

    assert candidate.to_json()["compression"] == {"type": "int8"}

from typing import Any

import pytest

from tuner.errors import ConfigError
from tuner.search_space.known import AUGMENTATION, LOSSES, OPTIMIZER, OPTIMIZERS
from tuner.search_space.schema import Alternative


def test_optimizers_and_losses_are_those_that_training_knows() -> None:
    from tuner.training import losses, optimizers
    from tuner.training.learned.known import LEARNED

    assert {name: set(keys) for name, keys in OPTIMIZERS.items()} == {
        name: {*optimizers._SCHEDULE, *defaults} for name, (_, defaults) in optimizers._OPTIMIZERS.items()
    } | {name: set(defaults) for name, defaults in LEARNED.items()}
    assert {name: set(keys) for name, keys in LOSSES.items()} == {
        "auto": set(),
        **{name: set(known.defaults) for name, known in losses._LOSSES.items()},
    }


@pytest.mark.parametrize(
    ("alternative", "message"),
    [
        ({"type": "sereis"}, "there is no 'sereis'. Hint: did you mean 'series'?"),
        ({"type": "series", "flip": True}, "training.augmentation.series: unknown key 'flip'"),
        (
            {"type": "image", "zoom": {"min": 0.0, "max": 4.0}},
            "zoom: input should be less than or equal to 1, found 4.0",
        ),
        ({"type": "none", "noise": 0.1}, "training.augmentation.none: unknown key 'noise'"),
    ],
)
def test_an_augmentation_out_of_its_limits_is_refused_when_the_space_is_read(
    alternative: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        AUGMENTATION.check(Alternative.model_validate(alternative))

    assert message in str(refusal.value)


def test_a_learning_rate_is_a_number_or_to_be_found() -> None:
    OPTIMIZER.check(Alternative.model_validate({"type": "adam", "learning_rate": ["auto", 0.01]}))

    with pytest.raises(ConfigError, match="learning_rate is 'atuo', expected a number or 'auto'"):
        OPTIMIZER.check(Alternative.model_validate({"type": "adam", "learning_rate": "atuo"}))

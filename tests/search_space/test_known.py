from tuner.search_space.known import COMPRESSION, LOSSES, OPTIMIZERS


def test_optimizers_and_losses_are_those_that_training_knows() -> None:
    from tuner.training import losses, optimizers

    assert {name: set(keys) for name, keys in OPTIMIZERS.items()} == {
        name: {*optimizers._SCHEDULE, *defaults} for name, (_, defaults) in optimizers._OPTIMIZERS.items()
    }
    assert {name: set(keys) for name, keys in LOSSES.items()} == {
        name: set(defaults) for name, (_, defaults) in losses._LOSSES.items()
    }


def test_compressions_are_those_that_conversion_knows() -> None:
    from tuner.training.convert import COMPRESSIONS

    assert tuple(COMPRESSION.parameters) == COMPRESSIONS

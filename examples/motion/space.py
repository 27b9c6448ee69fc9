"""Single-layer networks on raw windows, or small networks on features, in Python."""

from tuner.candidate import Block, Candidate, Settings, Training, Window

data = {"axes": 6, "frequency_hz": 50, "classes": 7}


def space(suggest):
    """Draw a candidate: names are the parameters', what is asked for depends on what was answered."""
    size = suggest.choice("window.size_ms", [1000, 2000, 3000])
    block = suggest.choice("preprocessing", ["flatten", "raw"])
    if block == "raw":
        filters = suggest.integer("architecture.conv1d.filters", 4, 24, step=4)
        architecture = Settings.of("conv1d", depth=1, filters=filters, kernel=5, head="global")
    else:
        neurons = suggest.integer("architecture.dense.neurons", 8, 128, log=True)
        architecture = Settings.of("dense", layers=1, neurons=neurons)
    rate = suggest.real("training.optimizer.adam.learning_rate", 0.001, 0.02, log=True)
    return Candidate(
        window=Window(size_ms=size, stride_ms=size / 2),
        preprocessing=(Block(Settings(block)),),
        architecture=architecture,
        training=Training(Settings.of("adam", learning_rate=rate), batch_size=32, epochs=30, patience=8),
        compression=Settings(suggest.choice("compression", ["float32", "int8"])),
    )

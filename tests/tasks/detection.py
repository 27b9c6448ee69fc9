"""What studies that find objects are made of."""

from pathlib import Path


def detection_spec(folder: Path, architecture: dict[str, object]) -> dict[str, object]:
    """A study file of one candidate."""
    return {
        "name": f"shapes-{architecture['type']}",
        "dataset": {"path": str(folder)},
        "search_space": {
            "window": "image",
            "preprocessing": "image",
            "architecture": architecture,
            "training": {
                "optimizer": {"type": "adam", "learning_rate": 0.01, "schedule": "cosine"},
                "batch_size": 8,
                "epochs": 30,
                "patience": 30,
            },
            "compression": "int8",
        },
        "devices": ["stm32f746g-discovery"],
        "limits": {"trials": 1, "trial_time": "120 s"},
        "workers": 0,
        "seed": 3,
    }

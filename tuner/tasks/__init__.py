"""Tasks, one per file: what is true of a window, what a network answers, and how good the answers are.

The package stands between training and trials. Below it, `tuner.training` knows losses by name and trains whatever
truth goes with them, `tuner.models` builds whatever output is asked for and `tuner.metrics` scores; above it, a trial
passes values from one to the next without knowing what they mean. A new task is a file here with a class that
satisfies `Task`, a score in `tuner.metrics`, and, if none of the losses there fits, one in `tuner.training.losses`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Settings, Training
from tuner.data.dataset import Dataset
from tuner.errors import BuildError, ConfigError, nearest
from tuner.models.network import Form
from tuner.tasks.anomaly import Anomaly
from tuner.tasks.classification import Classification
from tuner.tasks.detection import DetectionBoxes, DetectionCentroids
from tuner.tasks.multi_label import MultiLabel
from tuner.tasks.regression import Regression
from tuner.tasks.task import Fitted, Reading, Task, Truth, joined

__all__ = ["TASKS", "Fitted", "Reading", "Task", "Truth", "joined", "resolved", "task_named", "task_of", "taught"]

_ALL: tuple[Task, ...] = (
    Classification(),
    MultiLabel(),
    Regression(),
    Anomaly(),
    DetectionCentroids(),
    DetectionBoxes(),
)

TASKS: Mapping[str, Task] = MappingProxyType({task.name: task for task in _ALL})
"""Every task by the name that study files use."""


def task_named(name: str) -> Task:
    """Return the task of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in TASKS:
        raise ConfigError(f"task: there is no '{name}'", hint=nearest(name, TASKS))
    return TASKS[name]


def task_of(dataset: Dataset, forms: Collection[Form] = ()) -> Task:
    """Return the task that a data set's labels ask for.

    Args:
        dataset: the data.
        forms: of the outputs that the families of the search space give: of objects in images, centroids are found
            unless all of them give boxes.

    Raises:
        ConfigError: there is none for such labels.
    """
    if dataset.task == "detection":
        return task_named("detection-boxes" if set(forms) == {"boxes"} else "detection-centroids")
    return task_named(dataset.task)


def _check_places(task: Task, training: Training) -> None:
    """Refuse changes to images that would move what the truth says the place of."""
    if task.output(2).form == "values":
        return
    for name in ("flip", "crop", "zoom", "mixup"):
        if training.augmentation.get(name, False):
            raise BuildError(
                f"augmentation '{name}' moves objects, and {task.name} learns where they are", hint="use brightness"
            )


def taught(task: Task, truth: Truth) -> NDArray[np.bool_]:
    """Return which windows a candidate may learn from: all, but of a study of anomalies the normal ones."""
    return truth == 0 if isinstance(task, Anomaly) else np.ones(len(truth), bool)


def resolved(task: Task, training: Training) -> Training:
    """Return a candidate's training with the task's standard loss in place of "auto".

    Classes are not weighed where there are none.

    Raises:
        BuildError: the loss or the augmentation does not go with the task.
    """
    _check_places(task, training)
    loss = Settings(task.losses[0]) if training.loss.type == "auto" else training.loss
    if loss.type not in task.losses:
        raise BuildError(
            f"the loss '{loss.type}' does not go with {task.name}", hint=f"one of {', '.join(task.losses)} does"
        )
    return replace(training, loss=loss, class_weights=training.class_weights and task.has_classes)

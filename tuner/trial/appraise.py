"""What a candidate needs on every device, from its graph alone: milliseconds instead of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuner.anomaly import Detecting, detector
from tuner.augmentation import augmentation
from tuner.candidate import Candidate
from tuner.compression import compression as read_compression
from tuner.data.dataset import Dataset
from tuner.data.windows import window_signal
from tuner.devices.cost import device_cost
from tuner.devices.fit import shortfalls
from tuner.devices.macs import graph_macs
from tuner.dsp import chain
from tuner.dsp.standardize import Standardizer
from tuner.errors import BuildError
from tuner.estimate import DeviceCost, Method
from tuner.graph import Graph
from tuner.models import build, pretrained
from tuner.models.lowering import lower
from tuner.models.network import Network
from tuner.models.own import OWN, OwnModel
from tuner.models.pretrained import Pretrained
from tuner.record import Appraisal, Verdict
from tuner.signal import Signal
from tuner.tasks import Task, resolved
from tuner.tasks.anomaly import Anomaly
from tuner.tflite.read import read_graph
from tuner.trial.task import Target


class Appraiser:
    """Costs candidates for one data set on the study's devices.

    The first estimate, before training, and the second, from the converted bytes, differ in the graph alone.
    """

    def __init__(self, dataset: Dataset, task: Task, targets: Sequence[Target]) -> None:
        self._dataset = dataset
        self._task = task
        self._targets = tuple(targets)

    def __call__(self, candidate: Candidate) -> tuple[Appraisal, Mapping[str, float]]:
        """Return what the candidate needs, and figures of its network.

        Raises:
            BuildError: window, preprocessing, augmentation and architecture do not fit each other.
        """
        graph = self._graph(candidate)
        return self._of_graph(candidate, graph, Method.PREDICTED, None), network_figures(graph)

    def _graph(self, candidate: Candidate) -> Graph:
        network, own = self.network(candidate), self.own(candidate)
        self._check_one_answer(candidate, has_network=bool(network.nodes) or own is not None)
        if own is not None:
            from tuner.trial.own import before_training  # noqa: PLC0415 - loads TensorFlow, which others do without

            return read_graph(before_training(own)[0])
        self.teachers(candidate)
        return lower(network, candidate.compression)

    def own(self, candidate: Candidate) -> OwnModel | None:
        """Return the candidate's model if it is one of the user's own."""
        file = OWN.get(candidate.architecture.type)
        if file is None:
            return None
        features = chain.features_of(candidate.preprocessing, self._signal(candidate))
        output = self._task.output(len(self._dataset.labels))
        return OwnModel(file, candidate.architecture, candidate.compression, features.shape, output)

    def _check_one_answer(self, candidate: Candidate, *, has_network: bool) -> None:
        """Of a study of anomalies, ask for a block or a network, but not both: either would answer alone."""
        block = anomaly_block(candidate)
        if isinstance(self._task, Anomaly) and (block is None) == (not has_network):
            found = "neither a network nor" if block is None else "both a network and"
            raise BuildError(
                f"there is {found} an anomaly block, one of them should tell anomalies",
                hint="`beside:` in the space's `anomaly:` section says which architectures a block, or none, goes with",
            )

    def network(self, candidate: Candidate) -> Network:
        """Return the candidate's network for this data set; of a user's model only how it is read.

        Raises:
            BuildError: window, preprocessing, augmentation and architecture do not fit each other, or the loss not
                the task.
        """
        resolved(self._task, candidate.training)
        features = chain.features_of(candidate.preprocessing, self._signal(candidate))
        augmentation(candidate.training.augmentation).check(features.shape)
        own = self.own(candidate)
        if own is not None:
            from tuner.trial.own import before_training  # noqa: PLC0415 - as above

            return before_training(own)[1]
        return build(candidate.architecture, features.shape, self._task.output(len(self._dataset.labels)))

    def teachers(self, candidate: Candidate) -> tuple[Network, ...]:
        """Return the networks whose answers the candidate's learns, for this data set.

        Raises:
            BuildError: one of them does not fit the features.
        """
        if self.own(candidate) is not None:
            return ()
        architectures = read_compression(candidate.compression).architectures
        return tuple(self.network(replace(candidate, architecture=teacher)) for teacher in architectures)

    def pretrained(self, candidate: Candidate) -> Pretrained | None:
        """Return which layers of the candidate's network begin with weights learned elsewhere, if any do."""
        features = chain.features_of(candidate.preprocessing, self._signal(candidate))
        return pretrained(candidate.architecture, features.shape)

    def of_block(self, candidate: Candidate) -> Appraisal:
        """Return what a candidate without a network needs, once it has learned."""
        return self._of_graph(candidate, lower(self.network(candidate), candidate.compression), Method.CONVERTED, None)

    def of_model(self, candidate: Candidate, model: bytes) -> Appraisal:
        """Return what the candidate needs, from its converted model.

        Raises:
            ModelError: the bytes are no `.tflite` file.
        """
        return self._of_graph(candidate, read_graph(model), Method.CONVERTED, model)

    def _of_graph(self, candidate: Candidate, graph: Graph, method: Method, model: bytes | None) -> Appraisal:
        signal = self._signal(candidate)
        features = chain.features_of(candidate.preprocessing, signal)
        blocks = (*chain.cost_of(candidate.preprocessing, signal), Standardizer.cost(features))
        block = anomaly_block(candidate)
        costs = tuple(
            device_cost(
                graph,
                target.profile,
                blocks=blocks,
                anomaly=None if block is None else block.cost(features.count),
                input_bytes=signal.bytes,
                feature_bytes=4 * features.count,
                method=method,
                model=model,
            )
            for target in self._targets
        )
        verdicts = tuple(_verdict(cost, target) for cost, target in zip(costs, self._targets, strict=True))
        return Appraisal(costs, verdicts)

    def _signal(self, candidate: Candidate) -> Signal:
        return window_signal(self._dataset, candidate.window)


def anomaly_block(candidate: Candidate) -> Detecting | None:
    """Return the candidate's anomaly block, if it has one."""
    made = detector(candidate.anomaly)
    return made if isinstance(made, Detecting) else None


def network_figures(graph: Graph) -> dict[str, float]:
    """Return figures that describe a network's size to a person, and to a model of its accuracy."""
    constants = [tensor for tensor in graph.tensors if tensor.constant]
    return {
        "macs": float(graph_macs(graph)),
        "parameters": float(sum(tensor.elements for tensor in constants)),
        "operators": float(len(graph.operators)),
        "inputs": float(sum(graph.tensors[index].elements for index in graph.inputs)),
    }


def _verdict(cost: DeviceCost, target: Target) -> Verdict:
    excess = {
        "ram": cost.ram.total.value / target.budget.ram_bytes - 1,
        "flash": cost.flash.total.value / target.budget.flash_bytes - 1,
    }
    if target.budget.latency_ms is not None:
        excess["latency"] = cost.latency.total.value / target.budget.latency_ms - 1
    if cost.unsupported:
        excess["operators"] = float(len(cost.unsupported))
    return Verdict(cost.device, excess, tuple(str(shortfall) for shortfall in shortfalls(cost, target.budget)))

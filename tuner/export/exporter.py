"""Writes a chosen model and all that firmware needs beside it into a folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tuner.candidate import Settings
from tuner.data.dataset import Dataset
from tuner.data.windows import window_signal
from tuner.devices.arena import plan_arena
from tuner.devices.cost import arena_target
from tuner.dsp import chain
from tuner.dsp.parameters import Parameters
from tuner.dsp.registry import block
from tuner.dsp.standardize import Standardizer
from tuner.errors import InputError
from tuner.estimate import Breakdown, Estimate
from tuner.export import c_array, manifest
from tuner.export.anomaly import anomaly_files, anomaly_part
from tuner.export.answer import Answer, answer_of
from tuner.export.golden import golden_vectors
from tuner.files import write_atomically
from tuner.graph import Graph
from tuner.record import StudySummary, Trial
from tuner.tasks import task_named
from tuner.tflite.formats import TensorFormat, model_formats
from tuner.tflite.read import read_graph
from tuner.trial.appraise import Appraiser
from tuner.trial.task import Target


@dataclass(frozen=True, slots=True)
class Exported:
    """A trained trial and what an export draws on."""

    study: StudySummary
    trial: Trial
    model: bytes
    target: Target
    dataset: Dataset
    recordings: tuple[str, ...]
    """Those golden vectors are taken from: the validation split."""


def export(chosen: Exported, folder: Path) -> tuple[Path, ...]:
    """Write `model.tflite`, `model.h`, `model.cc`, `golden.json` and, last, `manifest.json`; return their paths.

    An anomaly block goes into `anomaly.h` and `anomaly.c`; without a network there are no files of a model.

    Raises:
        InputError: the trial was not trained, or `folder` is a file.
    """
    if chosen.trial.training is None:
        raise InputError(
            f"trial {chosen.trial.number} is {chosen.trial.state} and has no model to export",
            hint="`tuner select` finds one that fits",
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, expected a folder to export to")
    folder.mkdir(parents=True, exist_ok=True)
    name = c_array.identifier(chosen.study.name)
    contents = _model_files(name, chosen) if chosen.model else {}
    contents |= anomaly_files(name, chosen.trial.training)
    golden = golden_vectors(
        chosen.dataset, chosen.recordings, chosen.trial.candidate, chosen.trial.training, chosen.model
    )
    contents["golden.json"] = _json(golden)
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    document = _manifest(chosen, digests).model_dump(mode="json", by_alias=True)
    contents["manifest.json"] = _json(document)
    for file, content in contents.items():
        write_atomically(folder / file, content)
    return tuple(folder / file for file in contents)


def _model_files(name: str, chosen: Exported) -> dict[str, bytes]:
    graph = read_graph(chosen.model)
    stateful = any(tensor.variable for tensor in graph.tensors)
    arena = _arena(graph, chosen.target)
    return {
        "model.tflite": chosen.model,
        "model.h": c_array.header(
            name, len(chosen.model), arena.minimum_bytes, _answer(chosen), stateful=stateful
        ).encode(),
        "model.cc": c_array.source(name, chosen.model, header_name="model.h").encode(),
    }


def _arena(graph: Graph, target: Target) -> manifest.ArenaPart:
    if not graph.operators:
        return manifest.ArenaPart(used_bytes=0, minimum_bytes=0)
    plan = plan_arena(graph, arena_target(target.profile))
    return manifest.ArenaPart(used_bytes=plan.used, minimum_bytes=plan.minimum)


def _manifest(chosen: Exported, digests: dict[str, str]) -> manifest.Manifest:
    assert chosen.trial.training is not None
    trial, dataset = chosen.trial, chosen.dataset
    candidate = trial.candidate
    signal = window_signal(dataset, candidate.window)
    features = chain.features_of(candidate.preprocessing, signal)
    source, target = (_tensor(found) for found in model_formats(chosen.model)) if chosen.model else (None, None)
    graph = read_graph(chosen.model) if chosen.model else Graph((), (), (), (), model_bytes=0)
    return manifest.Manifest(
        schema=manifest.SCHEMA,
        task=chosen.study.task,
        labels=dataset.labels,
        window=manifest.WindowPart(
            axes=signal.axes,
            samples=signal.samples,
            frequency_hz=signal.frequency_hz,
            stride_ms=candidate.window.stride_ms,
        ),
        preprocessing=tuple(
            manifest.BlockPart(type=used.settings.type, axes=used.axes, parameters=_all_parameters(used.settings))
            for used in candidate.preprocessing
        ),
        features=features.shape,
        standardization=_standardization(trial, len(features.shape)),
        input=source,
        output=target,
        anomaly=anomaly_part(chosen.trial.training),
        target=_answer(chosen).target if chosen.model else None,
        detection=_answer(chosen).detection if chosen.model else None,
        operators=tuple(
            manifest.OperatorPart(name=kind, version=version)
            for kind, version in sorted({(operator.kind, operator.version) for operator in graph.operators})
        ),
        device=_device(chosen, _arena(graph, chosen.target)),
        quality=_quality(trial, chosen.study.metric),
        origin=manifest.OriginPart(
            study=chosen.study.name,
            trial=trial.number,
            candidate=candidate.id,
            dataset=dataset.name,
            dataset_fingerprint=dataset.fingerprint,
            seed=trial.seed,
            versions=dict(chosen.study.environment),
        ),
        files=digests,
    )


def _answer(chosen: Exported) -> Answer:
    assert chosen.trial.training is not None
    network = Appraiser(chosen.dataset, task_named(chosen.study.task), (chosen.target,)).network(chosen.trial.candidate)
    output = model_formats(chosen.model)[1]
    return answer_of(chosen.dataset.labels, chosen.trial.training, output, network.answer)


def _all_parameters(settings: Settings) -> dict[str, Any]:
    """Return a block's parameters, defaults included: firmware must not depend on what this version's defaults are."""
    made = block(settings)
    return made.settings() if isinstance(made, Parameters) else dict(settings)


def _standardizer(trial: Trial) -> Standardizer:
    assert trial.training is not None
    return Standardizer(trial.training.feature_mean, trial.training.feature_deviation)


def _standardization(trial: Trial, dimensions: int) -> manifest.StandardizationPart:
    fitted = _standardizer(trial)
    return manifest.StandardizationPart(
        applies_to="feature" if dimensions == 1 else "last dimension", mean=fitted.mean, deviation=fitted.deviation
    )


def _tensor(found: TensorFormat) -> manifest.TensorPart:
    quantization = found.quantization
    return manifest.TensorPart.model_validate(
        {
            "shape": found.shape,
            "dtype": found.dtype,
            "scale": None if quantization is None else quantization.scale,
            "zero_point": None if quantization is None else quantization.zero_point,
        }
    )


def _device(chosen: Exported, arena: manifest.ArenaPart) -> manifest.DevicePart:
    profile = chosen.target.profile
    assert chosen.trial.training is not None
    cost = chosen.trial.training.inspected.cost(profile.name)
    return manifest.DevicePart(
        name=profile.name,
        title=profile.title,
        arena=arena,
        ram=_breakdown(cost.ram),
        flash=_breakdown(cost.flash),
        latency=_breakdown(cost.latency),
        energy=None if cost.energy is None else _estimate(cost.energy),
    )


def _breakdown(breakdown: Breakdown) -> dict[str, manifest.EstimatePart]:
    parts = {part.name: _estimate(part.estimate) for part in breakdown.parts}
    return parts | {"total": _estimate(breakdown.total)}


def _estimate(estimate: Estimate) -> manifest.EstimatePart:
    return manifest.EstimatePart.model_validate(asdict(estimate))


def _quality(trial: Trial, metric: str) -> manifest.QualityPart:
    assert trial.training is not None
    return manifest.QualityPart(
        metric=metric,
        validation=trial.training.converted.quality,
        validation_float32=trial.training.float32.quality,
        test=None if trial.test is None else trial.test.quality,
    )


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

"""`tuner run`, `resume`, `extend`, `status`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tuner.api import DEFAULT_FOLDER, Study
from tuner.cli.console import errors, output, print_json
from tuner.cli.remote import RemoteStudy, Server, connect, create, follow, need_no, open_study
from tuner.cli.tables import front_table, status_json, study_heading
from tuner.search.samplers import SAMPLERS
from tuner.units import parse_seconds

if TYPE_CHECKING:
    from tuner.client import Client
    from tuner.messages.studies import RunLimits

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="A study's name, or the path of its folder.")]
Studies = Annotated[Path, typer.Option("--studies", help="The folder in which studies lie.")]
Workers = Annotated[
    int | None, typer.Option(min=0, help="Ray workers; 0 works in this process. Default: the study file's.")
]
TimeLimit = Annotated[
    str | None, typer.Option(metavar="TIME", help="Working time in all, like '30m'. Default: the study file's.")
]
ComputeLimit = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Working time of all workers together, in all. Default: the study file's."),
]
TargetAccuracy = Annotated[
    float | None,
    typer.Option(metavar="SHARE", min=0, max=1, help="Stop once every device has a model this accurate, like 0.95."),
]
Patience = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Stop after N trained candidates without a gain in hypervolume.")
]
RayAddress = Annotated[str | None, typer.Option(metavar="ADDRESS", help="A running Ray cluster to work on.")]
Sampler = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"Another sampler than the study file's: auto, {', '.join(SAMPLERS)}."),
]
AServer = Annotated[
    str, typer.Option("--server", metavar="URL", envvar="TUNER_SERVER", help="Like http://127.0.0.1:8400.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def run(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    trials: Annotated[int | None, typer.Option(min=1, help="Candidates to train. Default: the study file's.")] = None,
    time_limit: TimeLimit = None,
    compute_limit: ComputeLimit = None,
    target_accuracy: TargetAccuracy = None,
    patience: Patience = None,
    workers: Workers = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the study file's.")] = None,
    sampler: Sampler = None,
    studies: Studies = DEFAULT_FOLDER,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Keep the record in PostgreSQL: postgresql://user@host/database."),
    ] = None,
    ray_address: RayAddress = None,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Make a study from its file and run it to its limits."""
    from tuner.study.spec import SamplerSpec, read_spec  # noqa: PLC0415

    # Before the study is made: a wrong limit must leave nothing behind.
    limits = _Limits(trials, _seconds(time_limit), _seconds(compute_limit), target_accuracy, patience, workers)
    if server is not None:
        need_no(server, {"--ray-address": ray_address, "--store": store})
        client = connect(server)
        name = create(client, study_file, {"seed": seed, "sampler": None if sampler is None else {"type": sampler}})
        client.start_study(name, limits.message())
        _followed(client, name, as_json=as_json)
        return
    spec = read_spec(study_file)
    if seed is not None:
        spec = spec.model_copy(update={"seed": seed})
    if sampler is not None:
        spec = spec.model_copy(update={"sampler": SamplerSpec(type=sampler)})
    study = Study.create(spec, studies=studies, store=store)
    _work(study, limits, ray_address, as_json=as_json)


def resume(
    study: StudyName,
    time_limit: TimeLimit = None,
    compute_limit: ComputeLimit = None,
    target_accuracy: TargetAccuracy = None,
    patience: Patience = None,
    workers: Workers = None,
    studies: Studies = DEFAULT_FOLDER,
    ray_address: RayAddress = None,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a study that was interrupted or killed; nothing completed is run again."""
    limits = _Limits(None, _seconds(time_limit), _seconds(compute_limit), target_accuracy, patience, workers)
    if server is not None:
        need_no(server, {"--ray-address": ray_address})
        client = connect(server)
        client.resume_study(study, limits.message())
        _followed(client, study, as_json=as_json)
        return
    _work(Study.open(study, studies=studies), limits, ray_address, as_json=as_json)


def extend(
    study: StudyName,
    trials: Annotated[int, typer.Option(min=1, help="Candidates to train in addition.")],
    time_limit: TimeLimit = None,
    compute_limit: ComputeLimit = None,
    target_accuracy: TargetAccuracy = None,
    patience: Patience = None,
    workers: Workers = None,
    studies: Studies = DEFAULT_FOLDER,
    ray_address: RayAddress = None,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Search on in a study that has reached its limits."""
    if server is not None:
        from tuner.messages.studies import Extension  # noqa: PLC0415

        need_no(server, {"--ray-address": ray_address})
        client = connect(server)
        further = _Limits(trials, _seconds(time_limit), _seconds(compute_limit), target_accuracy, patience, workers)
        client.extend_study(study, Extension.model_validate(further.message().model_dump()))
        _followed(client, study, as_json=as_json)
        return
    opened = Study.open(study, studies=studies)
    counts = opened.counts
    total = counts.trained + counts.failed + counts.pending + trials
    limits = _Limits(total, _seconds(time_limit), _seconds(compute_limit), target_accuracy, patience, workers)
    _work(opened, limits, ray_address, as_json=as_json)


def pause(study: StudyName, server: AServer) -> None:
    """Stop a study on a server as Ctrl-C does, or take it out of the queue; `tuner resume` goes on."""
    output.print(f"{study} is {connect(server).pause_study(study).state.value}")


def cancel(study: StudyName, server: AServer) -> None:
    """Stop a study on a server for good; what was found is kept, and only `tuner extend` searches on."""
    output.print(f"{study} is {connect(server).cancel_study(study).state.value}")


def status(study: StudyName, studies: Studies = DEFAULT_FOLDER, server: Server = None, as_json: AsJson = False) -> None:
    """Show where a study stands; it may be running."""
    opened = open_study(study, studies, server)
    if as_json:
        print_json(status_json(opened))
        return
    study_heading(opened)
    _fronts(opened)


class _Limits(NamedTuple):
    trials: int | None
    time_s: float | None
    compute_s: float | None
    target_accuracy: float | None
    patience: int | None
    workers: int | None

    def message(self) -> RunLimits:
        """Return what a server is asked for."""
        from tuner.messages.studies import RunLimits  # noqa: PLC0415

        return RunLimits(
            trials=self.trials,
            time_limit_s=self.time_s,
            compute_limit_s=self.compute_s,
            target=self.target_accuracy,
            patience=self.patience,
            workers=self.workers,
        )


def _work(study: Study, limits: _Limits, ray_address: str | None, *, as_json: bool) -> None:
    """Work on a study, show it, and end with exit code 1 if no candidate fits any device."""
    from tuner.cli.progress import Progress  # noqa: PLC0415

    try:
        with Progress() as progress:
            study.run(
                trials=limits.trials,
                time_limit_s=limits.time_s,
                compute_limit_s=limits.compute_s,
                target_accuracy=limits.target_accuracy,
                patience=limits.patience,
                workers=limits.workers,
                ray_address=ray_address,
                watch=progress,
            )
    except KeyboardInterrupt:
        study.refresh()
        kept = f"{study.counts.trained} trained candidates are kept"
        errors.print(f"stopped: {kept}; go on with [bold]tuner resume {study.name}[/]", soft_wrap=True)
        raise typer.Exit(130) from None
    _results(study, as_json=as_json)
    if not any(study.front(device) for device in study.devices):
        errors.print("no candidate that fits a device was trained; the report says what was rejected and why")
        raise typer.Exit(1)


def _followed(client: Client, name: str, *, as_json: bool) -> None:
    """Look on while a server works on a study, then show it."""
    try:
        study = follow(client, name)
    except KeyboardInterrupt:
        errors.print(f"stopped looking; the study goes on: tuner status {name} --server {client.url}", soft_wrap=True)
        raise typer.Exit(130) from None
    _results(study, as_json=as_json)
    if not any(study.front(device) for device in study.devices):
        raise typer.Exit(1)


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_seconds(text)


def _results(study: Study | RemoteStudy, *, as_json: bool) -> None:
    if as_json:
        print_json(status_json(study))
        return
    study_heading(study)
    _fronts(study)
    output.print(f"[dim]report: tuner report {study.name} · select: tuner select {study.name} --device NAME[/]")


def _fronts(study: Study | RemoteStudy) -> None:
    for device in study.devices:
        output.print(front_table(study, device))

"""`tuner report`, `compare`, `select`, `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.api import DEFAULT_FOLDER, Study
from tuner.cli.console import output, print_json
from tuner.cli.remote import Server, connect, open_study, studies_compared
from tuner.cli.running import AsJson, Studies, StudyName
from tuner.cli.tables import trial_json
from tuner.errors import InputError
from tuner.report import words
from tuner.units import format_bytes, format_milliseconds

Device = Annotated[str, typer.Option(metavar="NAME", help="A device of the study.")]


def report(
    names: Annotated[
        list[str], typer.Argument(metavar="STUDY [STUDY…]", help="One study, or several for a page side by side.")
    ],
    output_file: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="The HTML file. Default: report/report.html in the study's folder; of several studies, "
            "comparison.html in the folder of studies.",
        ),
    ] = None,
    studies: Studies = DEFAULT_FOLDER,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Write a self-contained HTML report, with CSV, JSON and Markdown beside it; of several studies, Markdown."""
    if server is not None:
        if len(names) > 1:
            raise InputError("a server reports one study at a time", hint="name one, or use `tuner compare --server`")
        _print_path(open_study(names[0], studies, server).report(output_file), as_json=as_json)
        return
    opened = [Study.open(name, studies=studies) for name in names]
    if len(opened) == 1:
        path = opened[0].report(output_file)
    else:
        from tuner.report.write import write_studies_report  # noqa: PLC0415 - plotly takes a while to import

        path = output_file or studies / "comparison.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_studies_report([(study.summary, study.trials) for study in opened], path)
    _print_path(path, as_json=as_json)


def _print_path(path: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"report": str(path)})
    else:
        output.print(f"report: {path}", soft_wrap=True)


def compare(
    names: Annotated[list[str], typer.Argument(metavar="STUDY [STUDY…]", help="One study or several.")],
    trial: Annotated[list[int] | None, typer.Option(help="Trials of the study to compare; may be repeated.")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a table in Markdown, for a pull request.")
    ] = False,
    studies: Studies = DEFAULT_FOLDER,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Compare trials side by side, or the fronts of several studies."""
    from tuner.report.compare import compare_studies, compare_trials  # noqa: PLC0415 - pandas takes a while to import

    if trial and len(names) > 1:
        raise InputError("--trial compares trials of one study, but several studies are given", hint="name one study")
    if trial:
        opened = open_study(names[0], studies, server)
        comparison = compare_trials(opened.summary, [opened.trial(number) for number in trial])
    elif server is not None:
        comparison = studies_compared(connect(server), names)
    else:
        here = [Study.open(name, studies=studies) for name in names]
        comparison = compare_studies([(study.summary, study.trials) for study in here])
    if as_json:
        print_json(comparison.to_json())
    elif markdown:
        typer.echo(comparison.markdown(), nl=False)
    else:
        output.print(comparison.table())


def select(
    study: StudyName,
    device: Device,
    max_latency: Annotated[str | None, typer.Option(metavar="TIME", help="Like '20ms'.")] = None,
    max_ram: Annotated[str | None, typer.Option(metavar="SIZE", help="Like '32KiB'.")] = None,
    max_flash: Annotated[str | None, typer.Option(metavar="SIZE", help="Like '128KiB'.")] = None,
    min_accuracy: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Least accuracy, R², …, like 0.9; then the cheapest model that reaches it."),
    ] = None,
    knee: Annotated[bool, typer.Option("--knee", help="The best compromise instead of the most accurate.")] = False,
    studies: Studies = DEFAULT_FOLDER,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Choose a model for a device: the most accurate, the cheapest that is accurate enough, or the knee."""
    opened = open_study(study, studies, server)
    chosen = opened.select(
        device,
        max_latency=max_latency,
        max_ram=max_ram,
        max_flash=max_flash,
        min_accuracy=min_accuracy,
        knee=knee,
    )
    data = trial_json(chosen, device)
    if as_json:
        print_json(data)
        return
    summary = opened.summary
    test = "" if chosen.test is None else f", {words.quality(chosen.test.quality, summary)} on the test split"
    reached = words.reached(chosen, summary)
    output.print(
        f"[bold]trial {chosen.number}[/] for {device}: {summary.metric} {reached} on the validation split{test}"
    )
    if runs := words.runs(chosen, summary):
        output.print(runs)
    output.print(
        f"RAM {format_bytes(data['ram_bytes']['value'])} · flash {format_bytes(data['flash_bytes']['value'])} · "
        f"latency {format_milliseconds(data['latency_ms']['value'])} "
        f"({format_milliseconds(data['latency_ms']['low'])} to {format_milliseconds(data['latency_ms']['high'])})"
    )
    output.print(words.detail(chosen.candidate), soft_wrap=True)
    output.print(
        f"[dim]tuner export {opened.name} --trial {chosen.number} --device {device} --output DIR[/]", soft_wrap=True
    )


def export(
    study: StudyName,
    trial: Annotated[int, typer.Option(help="The trial's number.")],
    device: Device,
    output_folder: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to write to.")],
    studies: Studies = DEFAULT_FOLDER,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Write a model for firmware: .tflite, C array, manifest and golden vectors."""
    files = open_study(study, studies, server).export(trial, device, output_folder)
    if as_json:
        print_json({"files": [str(file) for file in files]})
        return
    for file in files:
        output.print(f"{file}  [dim]{format_bytes(file.stat().st_size)}[/]", soft_wrap=True)

"""The inspection of a data set as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from tuner.data.figures import (
    class_figure,
    duration_figure,
    examples,
    image_source,
    series_figure,
    target_figure,
)
from tuner.data.inspection import Inspection
from tuner.data.window_candidates import WindowCandidate
from tuner.units import format_milliseconds, format_seconds

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_CLASSES = 40
"""Classes of which examples are drawn."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff; max-width: 1120px; margin: 2rem auto;
  padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.15rem; margin-top: 2.5rem }
h3 { font-size: 1rem; margin: 1.5rem 0 0; flex-basis: 100% }
p.lead, figcaption, .quiet { color: #57606a } figcaption { font-size: 0.8rem; overflow-wrap: anywhere }
.scroll { overflow-x: auto; margin: 1rem 0 } table { border-collapse: collapse }
th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #d0d7de }
th:first-child, td:first-child { text-align: left }
.grid { display: flex; flex-wrap: wrap; gap: 0.75rem } .grid figure { margin: 0; max-width: 160px }
.plots { display: flex; flex-wrap: wrap; gap: 1rem } .plots figure { margin: 0; max-width: 100%; overflow-x: auto }
.problem { color: #cf222e } .note { color: #9a6700 }
"""


def page(inspection: Inspection) -> str:
    """Return the HTML."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  slow to import

    title = escape(inspection.dataset.name)
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>",
            f'<h1>{title}</h1><p class="lead">{escape(_lead(inspection))}</p>',
            *_remarks(inspection),
            *_amounts(inspection),
            *_windows(inspection),
            *_examples(inspection),
            "</body></html>",
        ]
    )


def _lead(inspection: Inspection) -> str:
    dataset = inspection.dataset
    parts = [dataset.task, f"{len(dataset.recordings)} recordings", f"read as {dataset.reader.name}"]
    if dataset.is_images:
        height, width = dataset.image_size
        parts.append(f"mostly {width} × {height} pixels")
    else:
        parts.append(f"{format_seconds(inspection.seconds)} at {dataset.frequency_hz:g} Hz")
        parts.append(f"axes {', '.join(dataset.axes)}")
    source = dataset.description
    parts += [text for text in (source.source, source.licence) if text]
    return " · ".join([*parts, f"fingerprint {dataset.fingerprint[:16]}"])


def _remarks(inspection: Inspection) -> Iterator[str]:
    if inspection.remarks or inspection.problems:
        yield "<h2>To look at</h2><ul>"
        yield from (f'<li class="note">{escape(remark)}</li>' for remark in inspection.remarks)
        yield from (f'<li class="problem">{escape(str(problem))}</li>' for problem in inspection.problems)
        yield "</ul>"
    if ignored := inspection.dataset.ignored:
        shown = ", ".join(ignored[:20]) + (f" and {len(ignored) - 20} more files" if len(ignored) > 20 else "")
        yield f'<p class="quiet">No data of this format: {escape(shown)}</p>'


def _amounts(inspection: Inspection) -> Iterator[str]:
    dataset = inspection.dataset
    yield '<h2>How much there is</h2><div class="plots">'
    if inspection.classes:
        yield _figure(class_figure(inspection), "recordings of each class")
    if dataset.task == "regression":
        yield _figure(target_figure(inspection), "numbers to predict")
    if not dataset.is_images:
        yield _figure(duration_figure(inspection), "durations of recordings")
    yield "</div>"
    yield _table(
        ("axis", "minimum", "maximum", "mean", "deviation", "clipped"),
        (
            (
                axis.name,
                *(f"{v:.4g}" for v in (axis.minimum, axis.maximum, axis.mean, axis.deviation)),
                f"{100 * axis.clipped:.2g} %",
            )
            for axis in inspection.axes
        ),
    )


def _windows(inspection: Inspection) -> Iterator[str]:
    kinds = (("events", inspection.windows.event), ("continuous data", inspection.windows.continuous))
    for kind, candidates in kinds:
        if candidates:
            yield f"<h2>Windows for {kind}</h2>"
            yield _table(
                ("size", "stride", "samples", "windows", "fewest of a class", "balance", "padded", "left out"),
                map(_window_row, candidates),
            )


def _window_row(candidate: WindowCandidate) -> tuple[str, ...]:
    return (
        format_milliseconds(candidate.window.size_ms),
        format_milliseconds(candidate.window.stride_ms),
        str(candidate.samples),
        str(candidate.count),
        str(min(count for _, count in candidate.per_class)),
        f"{candidate.balance:.2f}",
        f"{candidate.padded:.0%}",
        str(candidate.left_out),
    )


def _examples(inspection: Inspection) -> Iterator[str]:
    dataset = inspection.dataset
    chosen = examples(dataset)
    yield "<h2>Examples</h2>"
    if len(chosen) > _MOST_CLASSES:
        yield f'<p class="quiet">The first {_MOST_CLASSES} of {len(chosen)} classes.</p>'
    kind = "grid" if dataset.is_images else "plots"
    for label, recordings in list(chosen.items())[:_MOST_CLASSES]:
        yield f'<section class="{kind}"><h3>{escape(label)}</h3>'
        for recording in recordings:
            target = "" if recording.target is None else f" · {recording.target:g}"
            caption = f"{recording.id}{target}"
            if dataset.is_images:
                image = f'<img src="{image_source(dataset, recording)}" alt="{escape(caption)}">'
                yield f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
            else:
                yield _figure(series_figure(dataset, recording), caption)
        yield "</section>"


def _figure(figure: Figure, caption: str) -> str:
    html = figure.to_html(full_html=False, include_plotlyjs=False, config={"displayModeBar": False})
    return f"<figure>{html}<figcaption>{escape(caption)}</figcaption></figure>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def row(tag: str, cells: Iterable[str]) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    return f'<div class="scroll"><table>{row("th", head)}{"".join(row("td", cells) for cells in rows)}</table></div>'

"""A data set drawn: examples of its classes, how they sound or move, and how much there is of each."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Dataset, Float32, Recording
from tuner.data.inspection import Inspection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_EXAMPLES = 30
"""Drawn altogether; each class gets its share, but one at least."""

_MOST_POINTS = 600
"""Drawn of a line; longer ones are drawn by the least and the largest value of each stretch."""

_LONGEST_DRAWN = 1 << 18
"""Samples drawn of a recording; of a longer one its beginning."""

_IMAGE_PIXELS = 160
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#57606a", "#0a7ea4")


def examples(dataset: Dataset) -> dict[str, list[Recording]]:
    """Choose recordings to draw, spread evenly over each class; of a regression over its targets."""
    members: dict[str, list[Recording]] = defaultdict(list)
    for recording in sorted(dataset.recordings, key=lambda recording: (recording.target or 0.0, recording.id)):
        first_box = recording.boxes[0].label if recording.boxes else ""
        members[recording.label or first_box].append(recording)
    each = max(1, min(6, _MOST_EXAMPLES // len(members)))
    return {
        label: [recordings[int(at)] for at in np.linspace(0, len(recordings) - 1, min(each, len(recordings)))]
        for label, recordings in sorted(members.items())
    }


def class_figure(inspection: Inspection) -> Figure:
    """Bars: how much there is of each class, by the split that the data set gives."""
    from plotly.graph_objects import Bar, Figure  # noqa: PLC0415  slow to import

    splits = sorted({split for summary in inspection.classes for split, _ in summary.splits})
    labels = [summary.label for summary in inspection.classes]
    figure = Figure()
    for index, split in enumerate([*splits, ""]):
        counts = [
            dict(summary.splits).get(split, 0) if split else summary.recordings - sum(n for _, n in summary.splits)
            for summary in inspection.classes
        ]
        if any(counts):
            figure.add_trace(Bar(x=labels, y=counts, name=split or "no split", marker_color=_COLOURS[index]))
    figure.update_layout(barmode="stack", height=320, showlegend=len(splits) > 0, yaxis_title="recordings")
    return _plain(figure)


def duration_figure(inspection: Inspection) -> Figure:
    """A histogram of the recordings' durations."""
    from plotly.graph_objects import Figure, Histogram  # noqa: PLC0415  slow to import

    seconds = [recording.seconds for recording in inspection.dataset.recordings]
    figure = Figure(Histogram(x=seconds, nbinsx=40, marker_color=_COLOURS[0]))
    figure.update_layout(height=320, xaxis_title="seconds", yaxis_title="recordings", bargap=0.05)
    return _plain(figure)


def target_figure(inspection: Inspection) -> Figure:
    """A histogram of the numbers to predict."""
    from plotly.graph_objects import Figure, Histogram  # noqa: PLC0415  slow to import

    targets = [recording.target for recording in inspection.dataset.recordings]
    figure = Figure(Histogram(x=targets, nbinsx=40, marker_color=_COLOURS[0]))
    figure.update_layout(height=320, xaxis_title="target", yaxis_title="recordings", bargap=0.05)
    return _plain(figure)


def series_figure(dataset: Dataset, recording: Recording) -> Figure:
    """A recording over time, all axes, above the spectrogram of its liveliest axis."""
    from plotly.graph_objects import Heatmap, Scatter  # noqa: PLC0415  slow to import
    from plotly.subplots import make_subplots  # noqa: PLC0415

    values = dataset.load(recording, 0, _LONGEST_DRAWN)
    rate = recording.frequency_hz
    spectrum = spectrogram(values[:, int(np.argmax(values.std(axis=0)))], rate)
    rows = 1 if spectrum is None else 2
    figure = make_subplots(rows=rows, cols=1, shared_xaxes=True, vertical_spacing=0.04)
    for axis, name in enumerate(dataset.axes[: len(_COLOURS)]):
        seconds, line = envelope(values[:, axis], rate)
        trace = Scatter(x=seconds, y=line, name=name, line={"width": 1, "color": _COLOURS[axis]})
        figure.add_trace(trace, row=1, col=1)
    if spectrum is not None:
        times, frequencies, decibels = spectrum
        heat = Heatmap(x=times, y=frequencies, z=decibels, colorscale="Viridis", showscale=False)
        figure.add_trace(heat, row=2, col=1)
        figure.update_yaxes(title_text="Hz", row=2, col=1)
    figure.update_xaxes(title_text="seconds", row=rows, col=1)
    figure.update_layout(height=320, showlegend=1 < len(dataset.axes) <= len(_COLOURS))
    return _plain(figure, width=350)


def envelope(values: Float32, frequency_hz: float) -> tuple[Float32, Float32]:
    """Return seconds and values of a line with at most 600 points that keeps every peak."""
    pairs = _MOST_POINTS // 2
    if len(values) <= _MOST_POINTS:
        return (np.arange(len(values)) / frequency_hz).astype(np.float32), values
    width = -(-len(values) // pairs)
    stretches = np.pad(values, (0, -len(values) % width), mode="edge").reshape(-1, width)
    line = np.stack([stretches.min(axis=1), stretches.max(axis=1)], axis=1).ravel()
    return (np.arange(len(line)) * (width / 2 / frequency_hz)).astype(np.float32), line


def spectrogram(values: Float32, frequency_hz: float) -> tuple[Float32, Float32, NDArray[np.int8]] | None:
    """Return times, frequencies and decibels below the peak (frequencies × times); `None` if there is too little.

    Hann windows; down to −80, as whole numbers for the sake of the page's size.
    """
    size = min(256, 1 << int(np.log2(max(1, len(values) // 4))))
    if size < 16:
        return None
    step = max(size // 4, (len(values) - size) // 160 + 1)
    frames = np.lib.stride_tricks.sliding_window_view(values, size)[::step]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    decibels = 10 * np.log10(power / (power.max() or 1.0) + 1e-8)
    times = (np.arange(len(frames)) * step + size / 2) / frequency_hz
    frequencies = np.fft.rfftfreq(size, 1 / frequency_hz)
    return times.astype(np.float32), frequencies.astype(np.float32), np.rint(decibels.T).astype(np.int8)


def image_source(dataset: Dataset, recording: Recording) -> str:
    """Return a small PNG of an image with its boxes, as the source of an HTML image."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  only images need it

    pixels = dataset.load(recording).astype(np.uint8)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    scale = _IMAGE_PIXELS / max(image.size)
    method = Image.Resampling.BILINEAR if scale < 1 else Image.Resampling.NEAREST
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), method)
    draw = ImageDraw.Draw(image)
    labels = dataset.labels
    for box in recording.boxes or ():
        corners = [scale * value for value in (box.x, box.y, box.x + box.width, box.y + box.height)]
        draw.rectangle(corners, outline=_COLOURS[labels.index(box.label) % len(_COLOURS)])
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def _plain(figure: Figure, *, width: int = 520) -> Figure:
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    figure.update_layout(
        template="none",
        width=width,
        margin={"l": 50, "r": 10, "t": 30, "b": 40},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": 11}},
        font={"family": "system-ui, sans-serif", "size": 12},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure

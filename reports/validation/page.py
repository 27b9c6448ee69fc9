"""The page that shows where the estimators are right and where they are not."""

from __future__ import annotations

import html
import math

import numpy as np
import pandas as pd

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .8rem 0 1.6rem; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #8884; }
th { font-weight: 600; } td:first-child, th:first-child, .text { text-align: left; }
figure { margin: 1rem 0; } svg { width: 100%; max-width: 42rem; height: auto; } figcaption { opacity: .75; }
.scroll { max-height: 34rem; overflow: auto; } code { font-size: .92em; }
"""

_WRONG = (
    "EdgeMark's tiny networks (FC_0 to FC_3, below 0.3 ms) are dominated by cold caches, which one constant per call "
    "and operator describes to 5–20 %.",
    "The STM32F746 rows of MCUNet's README were measured with TensorFlow Lite Micro of TF 2.1 (2020), whose kernels "
    "took 2.5 times as long as CMSIS-NN's do now: the estimate is for the present library, 60 % lower.",
    "The reference kernels of 2021 in TinyEngine's README take 2.4 cycles for each instruction that today's reference "
    "kernels execute. Their figure serves for reference kernels on a Cortex-M7 and is likely too slow for a new build.",
    "On the RX65N convolutions take 1.5 to 15 cycles per instruction with no pattern that the source explains; the "
    "interval says so.",
    "The one model on an ESP32-S3 has its arena in PSRAM. That costs a factor of six, taken from this very row.",
    "How many exponentials a softmax skips, and how many values a sigmoid saturates, depends on data. The count "
    "assumes none, which is at most some percent of a network of useful size.",
    "Cortex-M0, M23, M3, M52, M85, Xtensa LX6, RISC-V and Cortex-A have no row of their own: their figure is a "
    "relative's, with an interval that says so. Cortex-M33 rests on one model, Cortex-M55 on single operators.",
    "Overhead per call, operator and input value comes from EdgeMark and is kept when its board is left out.",
)


def render(
    latency: pd.DataFrame,
    instructions: pd.DataFrame,
    memory: pd.DataFrame,
    left_out_code: pd.DataFrame,
    published_memory: pd.DataFrame,
) -> str:
    """Return the page, complete in itself."""
    fitted = latency[latency.split.isin(("calibrate", "calibrate-variant", "leave-one-model-out"))]
    integer = latency[latency.precision != "float32"]
    parts = [
        "<h1>Validation of the estimators</h1>",
        "<p>Predicted against published, and against counts of real firmware. Errors are predicted ÷ true − 1. "
        "Made by <code>reports/validation/validate.py</code>; the rows stand in the CSV files beside this page.</p>",
        "<h2>Latency by board and stack</h2>",
        "<p>“Shipped” is what <code>tuner profile</code> says. “Model left out”: the board's figure fitted without the "
        "row's model. “Source left out”: as for a board that nobody measured, from the other boards of its core.</p>",
        _table(by_board(integer)),
        scatter(latency),
        "<h2>Coverage of the 90 % intervals</h2>",
        _table(coverage(fitted, latency)),
        "<h2>Where it is wrong, and why</h2>",
        "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in _WRONG) + "</ul>",
        "<h2>Executed instructions of left-out models</h2>",
        "<p>Ten folds over whole models. A model with an operator that no other model has is counted apart.</p>",
        _table(by_stack(instructions)),
        "<h2>Arena and code</h2>",
        "<p>The arena follows the runtime's rules and has nothing fitted. Code: in-sample, and with the set of "
        "operators left out.</p>",
        _table(memory_by_stack(memory, left_out_code)),
        "<h2>Published RAM and flash</h2>",
        "<p>Whole firmwares: what the application, its drivers and its C library take is a constant of the source, the "
        "median of its differences, and is taken out.</p>",
        _table(published_by_board(published_memory)),
        "<h2>Floating point</h2>",
        _table(by_board(latency[latency.precision == "float32"])),
        "<h2>All rows</h2>",
        f'<div class="scroll">{_table(all_rows(latency))}</div>',
    ]
    head = f"<meta charset='utf-8'><title>Validation</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def by_board(latency: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each source, device and runtime."""
    records = []
    for (source, device, stack, runtime), rows in latency.groupby(["source", "device", "stack", "runtime"]):
        records.append(
            {
                "source": source,
                "device": device,
                "stack": stack,
                "runtime": runtime,
                "models": rows.model.nunique(),
                "shipped: bias": _percent(rows.predicted_error.median()),
                "MAPE": _percent(rows.predicted_error.abs().mean()),
                "median": _percent(rows.predicted_error.abs().median()),
                "model left out: median": _percent(rows.model_left_out_error.abs().median()),
                "worst": _percent(rows.model_left_out_error.abs().max()),
                "source left out: median": _percent(rows.board_left_out_error.abs().median()),
                "inside": _percent(rows.inside.mean()),
            }
        )
    return pd.DataFrame(records)


def coverage(fitted: pd.DataFrame, latency: pd.DataFrame) -> pd.DataFrame:
    """Return the share of published figures inside the interval, by how much is known of the board."""
    held_out = fitted[fitted.calibrated & fitted.model_left_out_inside.notna()]
    elsewhere = latency[latency.board_left_out_inside.notna()]
    floating = latency[(latency.precision == "float32") & latency.device.str.startswith("NUCLEO")]
    groups = (
        ("board and stack calibrated, model left out", held_out, "model_left_out_inside"),
        ("core and stack known, board left out", elsewhere, "board_left_out_inside"),
        ("floating point, calibrated board", floating, "inside"),
    )
    return pd.DataFrame(
        {"level": name, "rows": len(rows), "inside": _percent(rows[column].astype(float).mean())}
        for name, rows, column in groups
    )


def by_stack(instructions: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each counted stack."""
    records = []
    for stack, rows in instructions.groupby("stack"):
        known, new = rows[rows.seen].error.abs(), rows[~rows.seen].error.abs()
        records.append(
            {
                "stack": stack,
                "models": len(known),
                "median": _percent(known.median(), 2),
                "90 % within": _percent(known.quantile(0.9), 2),
                "worst": _percent(known.max(), 2),
                "with a new operator": len(new),
                "their median": _percent(new.median()),
            }
        )
    return pd.DataFrame(records)


def memory_by_stack(memory: pd.DataFrame, left_out_code: pd.DataFrame) -> pd.DataFrame:
    """Return how many arenas are exact, and the errors of code sizes."""
    records = []
    for stack, rows in memory.groupby("stack"):
        code = (rows.flash_code_predicted / rows.flash_code - 1).abs()
        off = (rows.arena_min_predicted - rows.arena_min).abs()
        records.append(
            {
                "stack": stack,
                "models": len(rows),
                "arena used exact": int((rows.arena_used == rows.arena_used_predicted).sum()),
                "smallest arena exact": int((off == 0).sum()),
                "worst, bytes": int(off.max()),
                "code: median": _percent(code.median()),
                "code: worst": _percent(code.max()),
                "left out: median": _percent(left_out_code[left_out_code["stack"] == stack].error.abs().median()),
                "left out: worst": _percent(left_out_code[left_out_code["stack"] == stack].error.abs().max()),
            }
        )
    return pd.DataFrame(records)


def published_by_board(published: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of RAM and flash of each source, device and runtime."""
    records = []
    for (source, device, runtime), rows in published.groupby(["source", "board", "runtime"]):
        record: dict[str, object] = {"source": source, "device": device, "runtime": runtime, "rows": len(rows)}
        for resource in ("ram", "flash"):
            errors, name = rows[f"{resource}_error"], {"ram": "RAM"}.get(resource, resource)
            record[f"{name}: constant, KiB"] = round(float(rows[f"{resource}_base_kb"].median()), 1)
            record[f"{name}: median"] = _percent(errors.abs().median())
            record[f"{name}: worst"] = _percent(errors.abs().max())
        records.append(record)
    return pd.DataFrame(records)


def all_rows(latency: pd.DataFrame) -> pd.DataFrame:
    """Return every row with its signed errors."""
    errors = [name for name in latency if name.endswith("_error")]
    columns = ["source", "device", "runtime", "model", "precision", "published_ms", "predicted_ms", *errors, "inside"]
    rows = latency[columns].copy()
    for name in errors:
        rows[name] = rows[name].map(_percent)
    return rows


def scatter(latency: pd.DataFrame, size: int = 460, margin: int = 46) -> str:
    """Draw predicted over published, both logarithmic, one colour per device."""
    low, high = math.log10(latency.published_ms.min()) - 0.2, math.log10(latency.published_ms.max()) + 0.2

    def place(value: float) -> float:
        return margin + (math.log10(value) - low) / (high - low) * (size - 2 * margin)

    devices = sorted(latency.device.unique())
    hue = {device: round(360 * index / len(devices)) for index, device in enumerate(devices)}
    shapes = [f'<path d="M{margin} {size - margin}L{size - margin} {margin}" stroke="gray" stroke-dasharray="4"/>']
    for exponent in range(math.ceil(low), math.floor(high) + 1):
        at = place(10.0**exponent)
        label = f"{10.0**exponent:g} ms"
        shapes.append(f'<text x="{at:.0f}" y="{size - 20}" text-anchor="middle">{label}</text>')
        shapes.append(f'<text x="2" y="{size - at + 4:.0f}">{label}</text>')
    for row in latency.itertuples():
        title = html.escape(
            f"{row.device}, {row.model}, {row.runtime}: {row.published_ms:g} → {row.predicted_ms:.4g} ms"
        )
        shapes.append(
            f'<circle cx="{place(row.published_ms):.1f}" cy="{size - place(row.predicted_ms):.1f}" r="3.5" '
            f'fill="hsl({hue[row.device]} 70% 50% / .65)"><title>{title}</title></circle>'
        )
    for index, device in enumerate(devices):
        shapes.append(f'<circle cx="{size + 6}" cy="{30 + 18 * index}" r="4" fill="hsl({hue[device]} 70% 50%)"/>')
        shapes.append(f'<text x="{size + 16}" y="{34 + 18 * index}">{html.escape(device)}</text>')
    drawing = "".join(shapes)
    return (
        f'<figure><svg viewBox="0 0 {size + 180} {size}" font-size="11" fill="currentColor">{drawing}</svg>'
        "<figcaption>Predicted (up) over published (across); the dashed line is equality.</figcaption></figure>"
    )


def _percent(value: float, digits: int = 1) -> str:
    return "–" if value is None or np.isnan(value) else f"{100 * value:.{digits}f} %"


def _table(table: pd.DataFrame) -> str:
    return table.to_html(index=False, border=0, float_format=lambda value: f"{value:.4g}", na_rep="–")

"""A candidate, a figure and a study in words."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from tuner.candidate import Candidate, Scalar, Settings
from tuner.estimate import Estimate
from tuner.learning_curve import diagnose
from tuner.metrics import SHARE, Figure, quality_text
from tuner.record import Counts, StudySummary, Survey, TrainingResult, Trial
from tuner.tasks import task_named
from tuner.units import format_bytes, format_milliseconds, format_seconds

OBJECTIVES = {"accuracy": "accuracy", "ram": "RAM", "flash": "flash", "latency": "latency"}
RESOURCE_TITLES = {"ram": "RAM", "flash": "Flash", "latency": "Latency"}


def amount(resource: str, value: float) -> str:
    """Write a need: bytes as "12.3 KiB", milliseconds as "4.56 ms"."""
    return format_milliseconds(value) if resource == "latency" else format_bytes(value)


def interval(resource: str, estimate: Estimate) -> str:
    """Write an estimate with the interval that holds the truth in nine cases of ten, unless it is exact."""
    if estimate.low == estimate.high:
        return amount(resource, estimate.value)
    low, high = amount(resource, estimate.low), amount(resource, estimate.high)
    return f"{amount(resource, estimate.value)} ({low} – {high})"


def percent(share: float | None) -> str:
    """Write 0.9512 as "95.1%"; nothing as "–"."""
    return "–" if share is None else f"{share:.1%}"


def quality(trial_score: float | None, summary: StudySummary) -> str:
    """Write a score as the study's metric is written, "95.1%" or "0.951"; nothing as "–"."""
    return quality_text(trial_score, summary.metric)


def figure(shown: Figure) -> str:
    """Write a figure of a score with its unit."""
    if shown.unit == SHARE:
        return percent(shown.value)
    return f"{shown.value:.4g} {shown.unit}".rstrip()


def second_figure(trial: Trial) -> Figure | None:
    """Return what is shown of a trained trial beside its quality, such as macro F1 or MAE."""
    return None if trial.training is None else next(iter(trial.training.converted.figures()[1:]), None)


def objective(name: str, summary: StudySummary) -> str:
    """Write an objective of a study; its quality goes by the name of the metric."""
    return summary.metric if name == "accuracy" else OBJECTIVES[name]


def quality_axis(metric: str) -> dict[str, str]:
    """Return the settings of an axis of a quality."""
    return {"title_text": f"{capitalized(metric)} on the validation split", "tickformat": tick_format(metric)}


def tick_format(metric: str) -> str:
    """Return how plotly writes the ticks of a quality."""
    return ".0%" if quality_text(0.5, metric).endswith("%") else ".2f"


def capitalized(text: str) -> str:
    """Write "macro F1" as "Macro F1"."""
    return text[:1].upper() + text[1:]


def count(number: int, noun: str) -> str:
    """Write 1 as "1 trial", 2 as "2 trials"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def short_names(names: Sequence[str]) -> list[str]:
    """Return of each dotted name the shortest end that no other has: "training.batch_size" → "batch_size"."""
    short = []
    for name in names:
        parts = name.split(".")
        ends = [".".join(parts[place:]) for place in range(len(parts) - 1, -1, -1)]
        others = [other for other in names if other != name]
        unique = (end for end in ends if not any(f".{other}".endswith(f".{end}") for other in others))
        short.append(next(unique, name))
    return short


def literal(text: str) -> str:
    """Write text so that plotly shows it as it is: it would take "<b>" for bold."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def listed(items: Sequence[str]) -> str:
    """Join as in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def candidate(chosen: Candidate) -> str:
    """Describe a candidate by the kinds of its parts: "2 s → spectral → dense → int8"."""
    blocks = " + ".join(block.settings.type for block in chosen.preprocessing)
    size_ms = chosen.window.size_ms
    window = "" if _of_images(chosen) else format_milliseconds(size_ms) if size_ms < 1000 else seconds(size_ms)
    models = [chosen.architecture.type, chosen.anomaly.type]
    network = " + ".join(model for model in models if model != "none")
    form = "" if chosen.architecture.type == "none" else chosen.compression.type
    return " → ".join(filter(None, [window, blocks, network, form]))


def seconds(milliseconds: float) -> str:
    """Write 2500 as "2.5 s"."""
    return f"{milliseconds / 1000:g} s"


def settings(chosen: Settings) -> str:
    """Write settings in full: "dense layers=2 neurons=40"."""
    return " ".join([chosen.type, *(f"{name}={scalar(value)}" for name, value in chosen.parameters)])


def detail(chosen: Candidate) -> str:
    """Describe a candidate in full, on one line."""
    window = f"window {chosen.window.size_ms:g} ms every {chosen.window.stride_ms:g} ms"
    if chosen.window.frequency_hz is not None:
        window += f" at {chosen.window.frequency_hz:g} Hz"
    if _of_images(chosen):
        window = ""
    blocks = [settings(block.settings) for block in chosen.preprocessing]
    training = f"{settings(chosen.training.optimizer)} batch={chosen.training.batch_size}"
    changes = (
        "" if chosen.training.augmentation.type == "none" else f"augmented: {settings(chosen.training.augmentation)}"
    )
    block = "" if chosen.anomaly.type == "none" else settings(chosen.anomaly)
    network = [settings(chosen.architecture), training, changes, settings(chosen.compression)]
    parts = [window, *blocks, *([] if chosen.architecture.type == "none" else network), block]
    return " · ".join(filter(None, parts))


def _of_images(chosen: Candidate) -> bool:
    """Whether it reads images, which have no windows."""
    return any(block.settings.type == "image" for block in chosen.preprocessing)


def survey(looked_at: Survey) -> str:
    """Say how many candidates the sampler costed to find those it proposed; nothing if it costed none."""
    if not looked_at.costed:
        return ""
    costed = count(looked_at.costed, "candidate")
    return f"To choose them the sampler costed {costed}, of which {looked_at.unfit:,} fit no board."


def fitting(result: TrainingResult, chosen: Candidate, summary: StudySummary) -> str:
    """Say how well the model and its training suit the data: "Overfitted: 99% right on training examples, …".

    Nothing of a candidate without a network.
    """
    if not result.curve:
        return ""
    yardstick = task_named(summary.task).yardstick(len(summary.dataset.labels), result.fitted)
    found = diagnose(result.curve, result.best_epoch, yardstick, epochs=chosen.training.epochs)
    return f"{found.fitting.capitalize()}: {found.sentence}."


def duration(seconds_: float) -> str:
    """Write 95.0 as "1 m 35 s"."""
    return format_seconds(seconds_)


def scalar(value: Scalar) -> str:
    """Write a parameter's value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def outcome(summary: StudySummary, trials: Sequence[Trial]) -> list[str]:
    """Tell what was searched, what became of it and why it ended, a sentence each."""
    counts = Counts.of(tuple(trials))
    titles = [budget.title for budget in summary.budgets]
    sentences = [
        f"Searched the space “{summary.search_space}” on the data set “{summary.dataset.name}” "
        f"for {listed(titles)}, with {count(summary.workers, 'worker')} in {format_seconds(summary.elapsed_s)}."
        if summary.workers
        else f"Searched the space “{summary.search_space}” on the data set “{summary.dataset.name}” "
        f"for {listed(titles)}, in one process in {format_seconds(summary.elapsed_s)}.",
        _counted(counts),
    ]
    if summary.space_reason:
        sentences.insert(1, summary.space_reason)
    if summary.stopped:
        sentences.append(f"It stopped because {summary.stopped.rstrip('.')}.")
    else:
        sentences.append("It has not ended: this is how it stands.")
    return sentences


def best_on(front: Sequence[Trial], device: str, metric: str) -> str:
    """Tell what the most accurate model of a device's front needs there."""
    if not front:
        return "No trained candidate fits."
    best = front[0]
    assert best.appraisal is not None
    cost = best.appraisal.cost(device)
    return (
        f"{metric} in {format_bytes(cost.ram.total.value)} of RAM, {format_bytes(cost.flash.total.value)} of flash "
        f"and {format_milliseconds(cost.latency.total.value)}"
    )


def reached(trial: Trial, summary: StudySummary) -> str:
    """Write a trial's score, with its spread if it was trained more than once: "93.1% ± 0.8%"."""
    score = quality(trial.score, summary)
    return score if trial.spread is None else f"{score} ± {quality(trial.spread, summary)}"


def runs(trial: Trial, summary: StudySummary) -> str:
    """Tell what the single runs of a trial gave; empty if it was trained once."""
    if not trial.runs:
        return ""
    failed = sum(run.converted is None for run in trial.runs)
    each = ", ".join(quality(score, summary) for score in trial.scores)
    return f"{len(trial.runs) + 1} runs: {each}" + (f"; {failed} failed" if failed else "")


def conversion(trials: Sequence[Trial]) -> str:
    """Tell what conversion to integers does to the quality, on average, in points of a hundred."""
    pairs = [
        trial.training.converted.quality - trial.training.float32.quality
        for trial in trials
        if trial.training is not None and trial.candidate.compression.type != "float32"
    ]
    if not pairs:
        return "No trained candidate was quantized."
    mean, worst = (f"{100 * change:+.1f}".replace("-", "−") for change in (fmean(pairs), min(pairs)))
    return f"Quantization changed it by {mean} points on average, {worst} at worst."


def stored(trials: Sequence[Trial]) -> str:
    """Tell what pruning and clustering did to the stored models, and that flash does not see it."""
    lines = []
    for trial in trials:
        asked = trial.candidate.compression
        weights = None if trial.training is None else trial.training.stored
        if trial.training is None or weights is None or not (asked.get("sparsity") or asked.get("clusters")):
            continue
        spared = sorted({name for setting in ("sparsity", "clusters") for name in weights.left_out.get(setting, ())})
        lines.append(
            f"trial {trial.number}: {weights.zeros:.0%} zeros, at most {weights.values} values in a kernel, "
            f"{format_bytes(trial.training.artifact.bytes)}, deflated {format_bytes(weights.deflated_bytes)}"
            + (f" (not in {listed(spared)})" if spared else "")
        )
    if not lines:
        return ""
    return (
        "Pruned and clustered weights are stored like any others, so flash counts them in full; a compressed firmware "
        f"image is smaller: {'; '.join(lines)}."
    )


def prediction(trials: Sequence[Trial], devices: Sequence[str]) -> str:
    """Tell how well needs were known before training, held against the converted models."""
    pairs = [
        (trial.predicted.cost(device), trial.training.inspected.cost(device))
        for trial in trials
        if trial.predicted is not None and trial.training is not None
        for device in devices
    ]
    if not pairs:
        return ""
    ram = sum(before.ram.total.value == after.ram.total.value for before, after in pairs)
    flash = sum(before.flash.total.value == after.flash.total.value for before, after in pairs)
    return (
        f"Held against the converted models, the need predicted before training was exact for RAM in {ram:,} and for "
        f"flash in {flash:,} of {count(len(pairs), 'case')}."
    )


def _counted(counts: Counts) -> str:
    parts = [
        f"{count(counts.sampled, 'candidate')} sampled",
        f"{counts.rejected:,} rejected before training because no device can run them",
        f"{counts.trained:,} trained",
        f"{counts.failed:,} failed",
    ]
    if counts.pending:
        parts.append(f"{counts.pending:,} still pending")
    return f"{listed(parts)}."

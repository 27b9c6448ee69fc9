from dataclasses import replace

import pytest

from tuner.candidate import Settings
from tuner.estimate import Estimate, Method, Unit
from tuner.record import StoredWeights
from tuner.report import words


def test_short_names_are_the_shortest_ends_that_differ():
    names = ["window.size_ms", "architecture.dense.dropout", "architecture.conv1d.dropout", "dropout", "layers"]

    assert words.short_names(names) == ["size_ms", "dense.dropout", "conv1d.dropout", "dropout", "layers"]


def test_a_range_is_written_unless_the_figure_is_exact():
    exact = Estimate.exact(2048, Unit.BYTES, Method.CONVERTED, "test")
    rough = Estimate(4.0, 3.0, 5.0, Unit.MILLISECONDS, Method.PREDICTED, "test")

    assert words.interval("ram", exact) == "2.0 KiB"
    assert words.interval("latency", rough) == "4 ms (3 ms – 5 ms)"


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_reads_as_a_sentence(items, text):
    assert words.listed(items) == text


def test_nothing_is_written_as_a_dash():
    assert [words.percent(None), words.percent(0.9512)] == ["–", "95.1%"]


def test_markup_in_names_is_taken_literally():
    assert words.literal("<b>A&B</b>") == "&lt;b&gt;A&amp;B&lt;/b&gt;"


def test_a_candidate_in_full_names_its_augmentation_if_it_has_one(some_trials):
    plain = some_trials[0].candidate
    changed = replace(plain, training=replace(plain.training, augmentation=Settings.of("series", noise=0.1)))

    assert "augmented" not in words.detail(plain)
    assert " · augmented: series noise=0.1 · " in words.detail(changed)


def test_a_candidate_is_the_chain_of_its_parts(some_trials):
    candidate = some_trials[0].candidate

    text = words.candidate(candidate)

    assert text.endswith(f"{candidate.architecture.type} → {candidate.compression.type}")


def test_a_study_that_goes_on_says_so(make_summary, some_trials):
    assert words.outcome(make_summary(stopped=""), some_trials)[-1] == "It has not ended: this is how it stands."


def test_what_pruning_gains_is_told_beside_the_flash_that_it_leaves_as_it_is(some_trials):
    trained = next(trial for trial in some_trials if trial.training is not None)
    pruned = replace(trained.candidate, compression=Settings.of("int8", sparsity=0.8))
    weights = StoredWeights(0.8, 41, 9000, {"sparsity": ("depthwise_3",)})
    trial = replace(trained, candidate=pruned, training=replace(trained.training, stored=weights))

    text = words.stored([trained, trial])

    assert text.startswith("Pruned and clustered weights are stored like any others, so flash counts them in full")
    assert "80% zeros, at most 41 values in a kernel, 19.5 KiB, deflated 8.8 KiB (not in depthwise_3)" in text
    assert words.stored([trained]) == ""


def test_one_is_singular():
    assert [words.count(1, "trial"), words.count(1200, "trial")] == ["1 trial", "1,200 trials"]

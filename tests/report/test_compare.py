import io
import json

from rich.console import Console

from tuner.report.compare import compare_studies, compare_trials


def text(comparison):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(comparison.table())
    return console.export_text()


def test_trials_stand_side_by_side_with_the_settings_in_which_they_differ(a_summary, some_trials):
    pair = [trial for trial in some_trials if trial.score is not None][:2]

    comparison = compare_trials(a_summary, pair)

    names = [row[0] for row in comparison.rows]
    assert comparison.columns == ("", *(f"trial {trial.number}" for trial in pair))
    assert {"accuracy, converted", "fits small", "small RAM", "large Latency"} <= set(names)
    differing = [row for row in comparison.rows if row[0].startswith("parameter ")]
    assert differing
    assert all(len(set(row[1:])) > 1 for row in differing)


def test_a_trial_compared_with_itself_differs_in_nothing(a_summary, some_trials):
    comparison = compare_trials(a_summary, [some_trials[0], some_trials[0]])

    assert not [row for row in comparison.rows if row[0].startswith("parameter ") or row[0] == "architecture"]


def test_studies_compare_by_device(a_summary, make_summary, some_trials, make_trials):
    comparison = compare_studies([(a_summary, some_trials), (make_summary(name="longer"), make_trials(120, seed=5))])

    fronts = comparison.to_json()["fronts"]

    assert [(entry["study"], entry["device"]) for entry in fronts] == [
        (study, device) for study in ("exercises", "longer") for device in ("small", "medium", "large")
    ]
    assert all(0 < entry["hypervolume"] < 1 for entry in fronts)
    assert all(entry["alone"] <= entry["front"] for entry in fronts)


def test_equal_studies_have_no_front_of_their_own(a_summary, make_summary, some_trials):
    comparison = compare_studies([(a_summary, some_trials), (make_summary(name="again"), some_trials)])

    assert {entry["alone"] for entry in comparison.to_json()["fronts"]} == {0}


def test_a_study_without_trials_compares_with_nothing_reached(a_summary, make_summary, some_trials):
    comparison = compare_studies([(a_summary, some_trials), (make_summary(name="empty"), ())])

    assert [entry["best"] for entry in comparison.to_json()["fronts"][3:]] == [None] * 3


def test_a_comparison_is_a_table_json_and_markdown(make_summary, some_trials):
    comparison = compare_studies([(make_summary(name="[bold]a|b"), some_trials)])

    assert "[bold]a|b" in text(comparison)
    assert json.loads(json.dumps(comparison.to_json())) == comparison.to_json()
    assert comparison.markdown().splitlines()[2].startswith("| [bold]a\\|b | small |")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.dashboard.address import link, match

NAMES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(lambda text: text.strip("/"))


@given(NAMES, st.lists(NAMES.filter(lambda name: "," not in name), min_size=1, max_size=4))
def test_a_link_says_what_was_put_into_it(study, trials):
    path, _, search = link("studies", study, trials=",".join(trials)).partition("?")

    address = match("/studies/{study}", path)

    assert address is not None
    assert address.path == {"study": study}
    assert address.with_search(f"?{search}").all("trials") == trials


@pytest.mark.parametrize("path", ["/studies", "/studies/a/b", "/study/a", "/xstudies/a"])
def test_other_paths_do_not_lead_to_a_page(path):
    assert match("/studies/{study}", path) is None


def test_a_choice_that_is_none_of_the_options_is_the_first():
    address = match("/", "/").with_search("?x=latency&y=weight&ram=4.5&flash=much")

    assert address.choice("x", ["ram", "latency"]) == "latency"
    assert address.choice("y", ["quality", "ram"]) == "quality"
    assert address.number("ram") == 4.5
    assert address.number("flash") is None

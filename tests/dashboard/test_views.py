import re

import httpx
import pytest

VIEWS = {
    "/": "toy",
    "/studies/toy": "Pareto front",
    "/studies/toy?tab=candidates&find=int8": "From parameters to results",
    "/studies/toy?tab=analysis": "What was rejected, and why",
    "/studies/toy?tab=now": "Trained last",
    "/studies/toy?tab=log": "What the worker wrote",
    "/studies/toy/trials/0": "What it needs",
    "/studies/toy/select": "Ready to flash",
    "/studies/fresh": "created",
    "/studies/fresh?tab=candidates": "No candidate has been trained yet",
    "/studies/fresh?tab=analysis": "Too little to tell",
    "/studies/fresh?tab=now": "Nothing is at work",
    "/studies/fresh/select": "no trained candidate fits",
    "/compare": "Choose two candidates to compare",
    "/compare?trials=toy:0,toy:1": "Who fits where",
    "/new": "Boards and budgets",
    "/devices": "Add a board of your own",
    "/devices/raspberry-pi-pico": "The profile, with sources",
    "/profile": "Drop a .tflite here",
    "/studies/missing": "there is no study 'missing'",
    "/studies/toy/trials/x": "is no number of a trial",
}


@pytest.mark.parametrize("on", ["desk", "phone"])
def test_every_view_shows_what_it_is_for_without_an_error_and_fits_the_screen(on, watched):
    seen = watched(on)
    page = seen.open("/")
    wide = []

    for path, text in VIEWS.items():
        seen.go(path)
        page.wait_for_selector(f"text={text} >> visible=true")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)

    assert wide == []


def test_a_link_opens_a_view_as_it_was_left(watched):
    page = watched().open("/studies/toy?tab=candidates&find=int8&device=stm32f746g-discovery")

    page.wait_for_selector("text=From parameters to results")
    assert page.input_value("#study-find") == "int8"
    assert page.get_attribute("button.board[aria-pressed=true] h3", "class") is None
    assert page.inner_text("button.board[aria-pressed=true] h3") == "STM32F746G Discovery"


def test_what_a_view_is_set_to_is_in_its_address(watched):
    page = watched().open("/studies/toy")

    page.click("text=Analysis")
    page.click("button.board >> nth=1")

    page.wait_for_url("**/studies/toy?tab=analysis&device=stm32f746g-discovery")


def test_an_address_that_leads_nowhere_says_so_with_status_404(url):
    response = httpx.get(f"{url}/nowhere")

    assert response.status_code == 404
    assert httpx.get(f"{url}/api/v1/nowhere").headers["content-type"] == "application/json"


def test_pages_need_no_script_but_files_of_the_server(url):
    response = httpx.get(url)

    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src" not in policy
    assert not re.search(r"<script(?![^>]*(src=|application/json))", response.text)
    assert not re.search(r"""(src|href)=["']https?:""", response.text)

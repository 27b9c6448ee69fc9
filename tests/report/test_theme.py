import itertools

import pytest

from tuner.report.theme import TOKENS, css_variables

TEXTS = ("ink", "soft", "accent", "warning", "good")
GROUNDS = ("page", "surface")


def luminance(color):
    """Relative luminance after WCAG 2.2."""
    shares = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", TOKENS)
@pytest.mark.parametrize(
    ("text", "ground"), [*itertools.product(TEXTS, GROUNDS), ("accent", "accent-soft"), ("ink", "accent-soft")]
)
def test_text_can_be_read_on_its_ground(mode, text, ground):
    assert contrast(TOKENS[mode][text], TOKENS[mode][ground]) >= 4.5


def test_every_token_is_a_variable_in_light_and_in_dark():
    light, dark = css_variables("[dark]").splitlines()

    assert all(f"--{name}: {color};" in light for name, color in TOKENS["light"].items())
    assert all(f"--{name}: {color};" in dark for name, color in TOKENS["dark"].items())

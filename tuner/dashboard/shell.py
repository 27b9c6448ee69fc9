"""What surrounds every page: the bar with the way to each, light and dark, and where notes appear."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, dcc, html

from tuner.client import Client
from tuner.dashboard import tray
from tuner.dashboard.attributes import aria
from tuner.dashboard.callbacks import Callbacks
from tuner.report.theme import FONT

_SECTIONS = (
    ("Studies", "/"),
    ("New study", "/new"),
    ("Compare", "/compare"),
    ("Devices", "/devices"),
    ("Profile", "/profile"),
)

_THEME = {
    "fontFamily": FONT,
    "primaryColor": "accent",
    "primaryShade": {"light": 6, "dark": 4},
    "colors": {
        "accent": [
            "#eef5fc", "#e4effb", "#c3dcf6", "#9cc5ef", "#6db0f5", "#3f8fe0", "#1a66bb", "#155499", "#124680",
            "#0d345f",
        ],
        "dark": [
            "#e4e8ee", "#c3cad4", "#9aa6b5", "#6b7787", "#2c3542", "#27303c", "#1a212b", "#171e27", "#141a22",
            "#12171e",
        ]
    },
    "defaultRadius": 8,
    "autoContrast": True,
    "fontSizes": {"xs": "13px", "sm": "14px", "md": "15px"},
}  # fmt: skip


def layout(_: Client) -> Any:
    """Return the frame; pages are put into it as the address says."""
    return dmc.MantineProvider(
        theme=_THEME,
        defaultColorScheme="auto",
        children=[
            dcc.Location(id="address", refresh="callback-nav"),
            dcc.Location(id="go", refresh="callback-nav"),
            dmc.NotificationContainer(id="notifications", position="bottom-right", sendNotifications=[]),
            tray.store(),
            html.A("Skip to the page", href="#page", className="skip"),
            html.Header(
                html.Div(
                    [
                        dcc.Link([html.Img(src="/assets/icon.svg", alt=""), "Edge Tuner"], href="/", className="brand"),
                        html.Nav(links(""), id="nav", **aria(label="Main")),
                        dmc.ColorSchemeToggle(
                            lightIcon="◐", darkIcon="◑", variant="subtle", color="gray", size="lg",
                            **aria(label="Light or dark"),
                        ),
                    ],
                    className="bar-inside",
                ),
                className="bar",
            ),
            html.Main(id="page", tabIndex=-1),
            tray.layout(),
        ],
    )  # fmt: skip


def links(current: str) -> list[Any]:
    """Return the ways to the sections, with the current one marked."""
    return [dcc.Link(name, href=href, className="here" if name == current else "") for name, href in _SECTIONS]


def register(callbacks: Callbacks, _: Client) -> None:
    """Bring the reader to the top of a page that was opened."""
    callbacks.in_browser("opened", Output("page", "data-opened"), Input("address", "pathname"))

"""All pages, in the order in which an address is tried."""

from tuner.dashboard.pages import compare, devices, new, profile, select, studies, study, trial

PAGES = (
    studies.PAGE, new.PAGE, study.PAGE, select.PAGE, trial.PAGE, compare.PAGE, devices.PAGE, devices.DEVICE,
    profile.PAGE,
)  # fmt: skip

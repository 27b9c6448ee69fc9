"""A gate's verdict as JUnit XML, which continuous-integration services show as tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tuner.devices.fit import Resource
from tuner.inspection.inspect import Inspection


def report(model: str, inspections: Sequence[Inspection]) -> str:
    """Return one suite per device with one case per resource."""
    root = Element("testsuites", name=f"tuner check {model}")
    for inspection in inspections:
        failures = {shortfall.resource: str(shortfall) for shortfall in inspection.shortfalls}
        resources = [name for name in get_args(Resource) if name != "latency" or inspection.budget.latency_ms]
        suite = SubElement(
            root,
            "testsuite",
            name=inspection.profile.name,
            tests=str(len(resources)),
            failures=str(len(failures)),
            errors="0",
            skipped="0",
        )
        for resource in resources:
            case = SubElement(suite, "testcase", classname=f"{model}.{inspection.profile.name}", name=resource)
            if resource in failures:
                SubElement(case, "failure", message=failures[resource]).text = failures[resource]
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"

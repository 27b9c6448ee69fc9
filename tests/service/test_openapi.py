import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tuner import Study
from tuner.service.app import create_app
from tuner.service.settings import Settings

PICO = "raspberry-pi-pico"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def described(
    toy_study: Study, toy_motion: Path, tmp_path_factory: pytest.TempPathFactory
) -> schemathesis.schemas.BaseSchema:
    """The interface as it describes itself; streams never end, and reports take seconds: they have their own tests."""
    studies = tmp_path_factory.mktemp("described")
    shutil.copytree(toy_study.folder, studies / "toy")
    app = create_app(Settings(studies=studies, data_roots=(toy_motion,), hosts=frozenset()))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app).exclude(path_regex="/(events|report|export)$")


NAMES = {"studies": "toy", "devices": PICO, "spaces": "keyword"}


def aimed(case: Case) -> Case:
    """Name what there is, for most names at random are not found; what is deleted stays at random."""
    section = case.operation.path.split("/")[3]
    path = case.path_parameters
    if isinstance(path, dict) and case.method != "DELETE":
        known = {"name": NAMES.get(section), "device": PICO}
        path.update({key: known[key] for key in path if known.get(key) is not None})
    body = case.body
    if isinstance(body, dict) and case.operation.path.endswith("/selection"):
        body["device"] = PICO
    if isinstance(body, dict) and case.operation.path.endswith("/survey"):
        body.update({"devices": [PICO], "samples": 2, "space": None if body.get("text") else "motion-continuous"})
    return case


def test_whatever_is_sent_the_server_answers_as_described(described: schemathesis.schemas.BaseSchema) -> None:
    for result in described.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode:
            with suppress(Unsatisfiable):  # nothing can be wrong with a request that has no parameters

                @settings(
                    max_examples=8,
                    database=None,
                    derandomize=True,
                    phases=(Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                )
                @given(case=operation.as_strategy(generation_mode=mode))
                def answers(case: Case) -> None:
                    aimed(case).call_and_validate(checks=CHECKS)

                answers()


def test_every_route_says_what_it_does(app: FastAPI) -> None:
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path}"
            assert operation["tags"]
            assert "422" in operation["responses"]


def test_every_subject_is_in_the_service_s_document(app: FastAPI) -> None:
    document = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")

    for path in app.openapi()["paths"]:
        assert f"/{path.split('/')[3]}" in document, path


def test_every_field_of_a_message_is_described_or_named_for_its_unit(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]

    assert len(schemas) > 60
    assert all(schemas[name].get("description") for name in ("StudyEntry", "TrialRow", "Front", "Selection", "Trial"))


def test_the_description_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from tuner.service.app import create_app\nfrom tuner.service.settings import Settings\n"
        f"create_app(Settings(studies=Path({str(tmp_path)!r}))).openapi()\n"
        "assert not {'tensorflow', 'tf_keras', 'ray'} & set(sys.modules), 'heavy'\n"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

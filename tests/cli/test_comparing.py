import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuner import Study
from tuner.cli.app import app


@pytest.fixture(scope="module")
def studies(toy_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    for name in ("first", "second"):
        shutil.copytree(toy_study.folder, folder / name)
    return folder


def test_several_studies_are_reported_on_one_page_with_a_summary_beside_it(studies: Path) -> None:
    result = CliRunner().invoke(app, ["report", "first", "second", "--studies", str(studies), "--json"])

    page = Path(json.loads(result.stdout)["report"])
    assert page == studies / "comparison.html"
    assert "How they differ" in page.read_text(encoding="utf-8")
    assert "| study | device |" in page.with_suffix(".md").read_text(encoding="utf-8")


def test_a_comparison_is_printed_as_markdown_for_a_pull_request(studies: Path) -> None:
    result = CliRunner().invoke(app, ["compare", "first", "second", "--studies", str(studies), "--markdown"])

    head, rule, *rows = result.stdout.splitlines()
    assert head.startswith("| study | device | trained |")
    assert rule.startswith("| --- | ---: |")
    assert len(rows) == 4

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

import tuner
from tuner.config import models_in, validated
from tuner.study.spec import StudySpec

ROOT = Path(__file__).parents[1]


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_manual_is_what_the_commands_say() -> None:
    # In a process of its own: the width of help texts follows the terminal of the process.
    program = "from tuner.cli.manual import manual; import sys; sys.stdout.write(manual())"
    written = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert (ROOT / "docs" / "manual.md").read_text(encoding="utf-8") == written


def test_public_names_can_be_imported_and_are_listed() -> None:
    assert sorted(tuner.__all__) == tuner.__all__
    for name in tuner.__all__:
        assert getattr(tuner, name) is not None


def test_every_key_of_the_study_file_is_in_its_reference() -> None:
    (example,) = blocks("docs/study-file.md", "yaml")
    shown = yaml.safe_load(example)

    def missing(model: type[BaseModel], there: Any, path: str) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            if not isinstance(there, dict) or name not in there:
                found.append(f"{path}{name}")
                continue
            for inner in models_in(field.annotation):
                value = next(iter(there[name].values())) if name == "budgets" else there[name]
                found += missing(inner, value, f"{path}{name}.")
        return found

    assert missing(StudySpec, shown, "") == []


@pytest.mark.parametrize("document", ["README.md", "docs/study-file.md"])
def test_study_files_in_documents_are_valid(document: str) -> None:
    for text in blocks(document, "yaml"):
        assert validated(StudySpec, yaml.safe_load(text), source=document).devices


def test_links_between_documents_lead_somewhere() -> None:
    for document in [
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "docs/manual.md", "docs/study-file.md", "docs/service.md")
    ]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.fixture(scope="module")
def readme_folder(toy_spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's commands mean something: a study of its names, on toy data."""
    folder = tmp_path_factory.mktemp("readme")
    spec = toy_spec | {"name": "gestures", "devices": ["raspberry-pi-pico", "arduino-nano-33-ble-sense"]}
    (folder / "study.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    return folder


def test_the_ten_lines_of_the_readme_work(readme_folder: Path) -> None:
    (program,) = blocks("README.md", "python")
    assert len(program.strip().splitlines()) == 10
    quick = program.replace("trials=20", "trials=3").replace("run(", "run(workers=0, ")

    result = subprocess.run(
        [sys.executable, "-c", quick], cwd=readme_folder, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    assert "raspberry-pi-pico" in result.stdout
    assert (readme_folder / "report.html").stat().st_size > 1_000_000
    assert (readme_folder / "firmware" / "manifest.json").exists()


def test_the_commands_of_the_readme_work(readme_folder: Path) -> None:
    commands = next(block for block in blocks("README.md", "sh") if "tuner run" in block).strip().splitlines()
    studies = readme_folder / "by-command"

    for command in commands:
        quick = command.replace("--trials 20 --workers 2", "--trials 3 --workers 0").replace("--trial 12", "--trial 0")
        program, *arguments = quick.split()
        assert program == "tuner"
        result = subprocess.run(
            [sys.executable, "-c", "from tuner.cli import main; main()", *arguments, "--studies", str(studies)],
            cwd=readme_folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{command}: {result.stderr}"

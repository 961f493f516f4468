"""The documents name what there is, and nothing else."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from portway.cli import main
from portway.domain import errors
from portway.settings import ClientSettings, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _text(name: str) -> str:
    return (ROOT / "docs/reference" / name).read_text()


def test_every_variable_is_documented_and_exists() -> None:
    named = set(re.findall(r"PORTWAY_[A-Z_]+", _text("environment.md"))) - {"PORTWAY_"}
    existing = {
        f"PORTWAY_{field.upper()}" for model in (Settings, ClientSettings) for field in model.model_fields
    }
    assert named == existing


def test_every_error_code_is_documented() -> None:
    codes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.PortwayError)
    }
    assert set(re.findall(r"^\| \d+ \| `(\w+)`", _text("errors.md"), re.MULTILINE)) == codes


def test_every_command_is_documented_and_exists() -> None:
    assert set(re.findall(r"^\| `portway ([a-z -]+)`", _text("commands.md"), re.MULTILINE)) == set(
        _commands(get_command(main._program([])))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


def _commands(command: object, prefix: str = "") -> list[str]:
    children: dict[str, object] | None = getattr(command, "commands", None)
    if children is None:
        return [prefix]
    return [name for child, sub in children.items() for name in _commands(sub, f"{prefix} {child}".strip())]

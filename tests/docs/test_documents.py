"""The documents are true: links lead somewhere, names exist, examples run."""

import dataclasses
import re
from pathlib import Path

import pytest
from click import Group

from failwell._settings import Settings
from failwell.catalog import BUILT_IN
from failwell.cli import create_commands

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _example_blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, block in enumerate(
            re.findall(
                r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE
            )
        ):
            found.append((f"{page.relative_to(ROOT)}#{number}", block))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page exists."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())

    missing = [
        target
        for target in targets
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert missing == []


@pytest.mark.parametrize(
    ("name", "block"), _example_blocks(), ids=[name for name, _ in _example_blocks()]
)
def test_example_runs(
    name: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every Python block of the documents runs as it stands, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    exec(compile(block, name, "exec"), {"__name__": "example"})  # noqa: S102 - our own text


def test_settings_page_names_every_setting() -> None:
    """The table has a row for each setting, and for nothing else."""
    page = (ROOT / "docs/reference/settings.md").read_text()

    documented = re.findall(r"^\| `(FAILWELL_\w+)`", page, re.MULTILINE)

    fields = [f"FAILWELL_{f.name.upper()}" for f in dataclasses.fields(Settings)]
    assert sorted(documented) == sorted(fields)


def test_errors_page_names_every_code() -> None:
    """The table has a row for each code of the catalogue, with its status."""
    page = (ROOT / "docs/reference/errors.md").read_text()

    documented = re.findall(r"^\| `([A-Z_]+)` \| (\d+) ", page, re.MULTILINE)

    expected = [(entry.code, str(entry.status)) for entry in BUILT_IN]
    assert sorted(documented) == sorted(expected)


def test_commands_page_names_every_command() -> None:
    """The table has a row for each command, and for nothing else."""
    page = (ROOT / "docs/reference/commands.md").read_text()

    pattern = r"^\| `flask failwell (\w+(?: [a-z]+)*)"
    documented = re.findall(pattern, page, re.MULTILINE)

    commands: list[str] = []
    for name, command in create_commands().commands.items():
        inner = command.commands if isinstance(command, Group) else {"": command}
        commands += [f"{name} {part}".strip() for part in inner]
        if isinstance(command, Group) and command.invoke_without_command:
            commands.append(name)
    assert sorted(documented) == sorted(commands)

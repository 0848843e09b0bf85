"""`catalog`: the error codes as a table, one by one, and for programs."""

import io
import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from rich.console import Console

from failwell.catalog import BUILT_IN, CATALOG, CatalogEntry
from failwell.cli._catalog_screen import catalog_table, entry_screen

Run = Callable[..., Result]
HOSTILE = "\x1b[2J[red]bold[/red]"


@pytest.fixture
def hostile() -> Iterator[CatalogEntry]:
    """Add an entry whose texts would move the cursor."""
    entry = CatalogEntry(
        code="HOSTILE",
        title=HOSTILE,
        status=400,
        meaning=HOSTILE,
        remedy=HOSTILE,
        example={"text": HOSTILE},
    )
    CATALOG.add(entry)
    yield entry
    del CATALOG._entries["HOSTILE"]


def test_the_table_has_a_line_for_each_code(flask: Run) -> None:
    """Status, code, whether to retry, what happened, what to do."""
    result = flask("catalog")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()[1:]
    assert len(lines) == len(CATALOG)
    (line,) = [line for line in lines if " CIRCUIT_OPEN " in line]
    assert line.split()[:3] == ["503", "CIRCUIT_OPEN", "yes"]
    entry = CATALOG.get("CIRCUIT_OPEN")
    assert entry is not None
    assert f"{entry.meaning} {entry.remedy}" in " ".join(line.split())


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_fits_its_terminal(width: int) -> None:
    """Nothing is left out in a narrow one; it takes more lines."""
    file = io.StringIO()

    Console(file=file, width=width).print(catalog_table(BUILT_IN, width))

    text = file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for entry in BUILT_IN:
        assert entry.code in words
        assert entry.meaning.split()[-1] in words
        assert entry.remedy.split()[-1] in words


@pytest.mark.parametrize("code", ["NOT_FOUND", "not_found", " Not_Found "])
def test_one_code_is_explained(flask: Run, code: str) -> None:
    """In whatever case it is given, with an example of its details."""
    result = flask("catalog", code)

    assert result.exit_code == 0
    assert result.stdout.startswith("404 NOT_FOUND\nNot found (Not Found)\n")
    assert "There is no such thing" in result.stdout
    assert "No: the same request will be refused again" in result.stdout
    assert '"resource": "Meeting"' in result.stdout


def test_programs_get_json(flask: Run) -> None:
    """The same facts as the page at `/problems/` has."""
    listed = json.loads(flask("catalog", "--json").stdout)["problems"]
    one = json.loads(flask("catalog", "RATE_LIMITED", "--json").stdout)

    assert [each["code"] for each in listed] == [entry.code for entry in CATALOG]
    assert one in listed
    assert one["status"] == 429
    assert one["retryable"] is True
    assert one["example"] == {"retry_after": 30}


@pytest.mark.parametrize(
    ("code", "hint"),
    [("NOT_FUOND", "did you mean NOT_FOUND?"), ("zzz", "`flask failwell catalog`")],
)
def test_an_unknown_code_ends_with_a_sentence(flask: Run, code: str, hint: str) -> None:
    """And status 1."""
    result = flask("catalog", code)

    assert result.exit_code == 1
    assert hint in result.stderr


def test_texts_of_the_application_are_texts(flask: Run, hostile: CatalogEntry) -> None:
    """Neither markup nor control characters reach the terminal."""
    for words in (("catalog",), ("catalog", "HOSTILE"), ("catalog", "--json")):
        result = flask(*words)

        assert result.exit_code == 0
        assert "\x1b" not in result.stdout
        assert "[red]bold[/red]" in result.stdout


def test_an_entry_without_example_or_remedy_shows_none() -> None:
    """No empty headings."""
    entry = CatalogEntry(code="BARE", title="Bare", status=500, meaning="-", remedy="")
    file = io.StringIO()

    Console(file=file, width=80).print(entry_screen(entry))

    assert "details" not in file.getvalue()
    assert "what to do" not in file.getvalue()
    assert "No: the fault is in the service" in file.getvalue()

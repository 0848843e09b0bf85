"""The same facts for programs: stable shapes, times in ISO 8601, every field present."""

from collections.abc import Mapping
from dataclasses import asdict

import click
import msgspec

from failwell.excerpts import record_document
from failwell.logs import escape_json
from failwell.records import ErrorRecord
from failwell.store import GroupPage


def print_json(document: Mapping[str, object]) -> None:
    """Print one JSON object, indented, on standard output."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    click.echo("\n".join(map(escape_json, text.split("\n"))))


def page_document(page: GroupPage, error: ErrorRecord | None) -> dict[str, object]:
    """Return a group's page as JSON types, with the error that was asked for."""
    return {
        "group": asdict(page.group),
        "fingerprints": [asdict(fingerprint) for fingerprint in page.fingerprints],
        "environments": [asdict(value) for value in page.environments],
        "releases": [asdict(value) for value in page.releases],
        "tags": {
            name: [asdict(value) for value in values]
            for name, values in page.tags.items()
        },
        "error": None if error is None else record_document(error),
        "events": [record_document(event) for event in page.events],
        "first": None if page.first is None else record_document(page.first),
    }

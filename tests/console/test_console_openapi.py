"""The document of the JSON answers has the routes, all of them, and is valid."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

PREFIX = "/errors-of/shop"
KEY = "the console's key, only for tests"
PAGE = Path(__file__).parents[2] / "docs/reference/console-api.md"


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """Read it as a program does."""
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = client.get(f"{PREFIX}/api/openapi.json", headers=headers)
    found: dict[str, Any] = answer.get_json()
    return found


def _routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(f"{PREFIX}/api")), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    """As OpenAPI 3.1."""
    validate(document)

    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": f"{PREFIX}/api"}]


def test_the_document_has_the_routes(app: Flask, document: dict[str, Any]) -> None:
    """Each address with each method, and none that is not there."""
    described = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
    }

    assert described == _routes(app)


def test_the_page_has_the_routes(app: Flask) -> None:
    """That of the documentation, too."""
    rows = re.findall(r"^\| `(GET|POST) (/[^`]+)` \|", PAGE.read_text(), re.MULTILINE)
    named = [(method, re.sub("<[^>]+>", "<>", path)) for method, path in rows]

    routes = [(method, re.sub("{[^}]+}", "<>", path)) for path, method in _routes(app)]
    assert sorted(named) == sorted(routes)


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    """A summary, an id of its own, the refusals, and the answers' schema."""
    operations = [
        operation for path in document["paths"].values() for operation in path.values()
    ]
    ids = [operation["operationId"] for operation in operations]

    assert len(ids) == len(set(ids))
    for operation in operations:
        assert operation["summary"].endswith(".")
        assert {"200", "401", "403", "503"} <= operation["responses"].keys()
        assert operation["responses"]["200"]["content"]

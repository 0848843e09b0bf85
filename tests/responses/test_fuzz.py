"""An application that misbehaves in every way is sent all that its document allows.

And what it does not allow. Whatever fails, the answer is one that the document declares.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from misbehaving import CANARIES, OPERATIONS, VIEWS, misbehaving_app
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.core.transport import Response
from schemathesis.schemas import BaseSchema as Document
from schemathesis.specs.openapi import checks

from failwell.responses._documents._codes import entry_of

JSON, PROBLEM = "application/json", "application/problem+json"
FORMS = {None: JSON, "text/csv": JSON, PROBLEM: PROBLEM}
DECLARED = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
ROUTED = {"nowhere": ("/nowhere", "GET"), "method": ("/openapi.json", "DELETE")}
INPUTS = [(o.path, o.method.upper()) for o in OPERATIONS]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the application."""
    with misbehaving_app(tmp_path_factory.mktemp("wild")) as app:
        yield app


@pytest.fixture(scope="module")
def document(app: Flask) -> Document:
    """Return the document as schemathesis reads it."""

    # Not Flask itself, which schemathesis knows: it would raise what was answered.
    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app(environ, start)

    return schemathesis.openapi.from_wsgi("/openapi.json", serve)


def _bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _fuzz(document: Document, place: tuple[str, str], examples: int) -> set[int]:
    """Send `examples` cases in every form; return the statuses of the answers."""
    operation = document[place[0]][place[1]]
    seen: set[int] = set()
    modes = list(GenerationMode) if place in INPUTS else [GenerationMode.POSITIVE]
    cases = st.one_of([operation.as_strategy(mode) for mode in modes])

    @_bounded(examples)
    @given(case=cases)
    def send(case: Case) -> None:
        for accept, form in FORMS.items():
            response = case.call(headers={"Accept": accept} if accept else None)
            seen.add(response.status_code)
            if response.status_code >= 400:
                case.validate_response(response, checks=DECLARED)
                _check_answer(response, form)
                _check_canaries(response, case)

    send()
    return seen


def _check_answer(response: Response, form: str) -> None:
    headers = {name.lower(): values for name, values in response.headers.items()}
    body = json.loads(
        response.content.decode(), parse_constant=_refuse, object_pairs_hook=_object
    )
    told = body if form == PROBLEM else body["error"]

    assert headers["content-type"] == [form]
    assert headers["content-length"] == [str(len(response.content))]
    assert len(headers["x-request-id"]) == 1
    assert response.status_code != 401 or headers["www-authenticate"]
    assert response.status_code != 405 or headers["allow"]
    assert all(value.isdecimal() for value in headers.get("retry-after", []))
    assert "set-cookie" not in headers
    assert isinstance(told["code"], str)


def _check_canaries(response: Response, case: Case) -> None:
    text = f"{response.headers} {response.content.decode()}".lower()
    # Hypothesis reads the sources for texts to try, these among them; and the names of
    # fields are repeated.
    sent = f"{case.body} {case.query} {case.headers} {case.path_parameters}".lower()
    found = [canary for canary in CANARIES if canary in text and canary not in sent]

    assert not found, text


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), "a name stands twice in an object"
    return found


def _allowed(place: tuple[str, str]) -> set[int]:
    operation = OPERATIONS[INPUTS.index(place)]
    return {200, 308, *(entry_of(each).status for each in operation.declared)}


def test_the_document_is_valid(document: Document) -> None:
    """Or nothing that is held against it would mean much."""
    validate(document.raw_schema)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_that_fails_answers_what_it_declares(
    document: Document, name: str
) -> None:
    """In every form, with whatever text and request id; and never with another fault."""
    _, declared = VIEWS[name]

    seen = _fuzz(document, (f"/views/{name}", "GET"), 3)

    assert seen == {entry_of(each).status for each in declared}


@pytest.mark.parametrize("name", ROUTED)
def test_the_router_answers_what_the_document_declares(
    document: Document,
    name: str,
) -> None:
    """An address that nobody serves, and a method."""
    path, method = ROUTED[name]

    assert _fuzz(document, (path, method), 5) == {404 if path == "/nowhere" else 405}


@pytest.mark.parametrize("place", INPUTS, ids=" ".join)
def test_no_input_makes_a_view_fail(document: Document, place: tuple[str, str]) -> None:
    """It is valid, or it is refused as declared."""
    seen = _fuzz(document, place, 30)

    assert seen <= _allowed(place)
    assert seen & {400, 404}


@pytest.mark.faults
@pytest.mark.parametrize("place", INPUTS, ids=" ".join)
def test_no_input_of_many_makes_a_view_fail(
    document: Document,
    place: tuple[str, str],
) -> None:
    """As above, for longer."""
    seen = _fuzz(document, place, 500)

    assert seen <= _allowed(place)

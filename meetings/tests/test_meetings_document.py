"""The OpenAPI document: valid, complete, true; and the page that shows it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from meetings_api import Api
from openapi_spec_validator import validate

OURS = {"users", "auth", "rooms", "meetings", "health", "docs", "demo"}


@pytest.fixture
def document(make_api: Callable[..., Api]) -> Any:  # noqa: ANN401 - JSON
    """Return the document of an application in demo mode, which has all routes."""
    return make_api(MEETINGS_DEMO=True).call("GET", "/openapi.json").get_json()


def test_document_is_valid(document: dict[str, Any]) -> None:
    """It is OpenAPI 3.1 by its own schema."""
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_document_and_routes_are_the_same(make_api: Callable[..., Api]) -> None:
    """Every route of ours is described, and nothing else is."""
    api = make_api(MEETINGS_DEMO=True)
    document = api.call("GET", "/openapi.json").get_json()

    described = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
    }

    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.split(".")[0] in OURS and not rule.endpoint.endswith(".static")
    }
    assert described == served


def test_demo_routes_are_described_only_where_they_exist(api: Api) -> None:
    """Without demo mode neither the routes nor their description are there."""
    paths = api.call("GET", "/openapi.json").get_json()["paths"]

    assert not any(path.startswith("/demo") for path in paths)
    assert api.call("GET", "//demo/crash/division").status_code == 404


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """Each `$ref` names a component that is in the document."""
    found = set(re.findall(r"#/components/(\w+)/([^'\"]+)", str(document)))

    assert {kind for kind, _ in found} == {"schemas", "responses", "headers"}
    for kind, name in found:
        assert name in document["components"][kind]


def test_errors_are_described_by_code(document: dict[str, Any]) -> None:
    """Booking lists its codes under their statuses, in both forms of body."""
    answers = document["paths"]["/api/v1/meetings"]["post"]["responses"]

    assert "MEETING_CONFLICT" in answers["409"]["description"]
    assert "MEETING_CAPACITY_ERROR" in answers["400"]["description"]
    assert "MEETING_VALIDATION_ERROR" in answers["400"]["description"]
    assert {"401", "404", "413", "415", "500", "503"} <= answers.keys()
    assert answers["409"]["content"].keys() == {
        "application/json",
        "application/problem+json",
    }
    token = document["paths"]["/api/v1/auth/token"]["post"]["responses"]
    assert token["400"] == {"$ref": "#/components/responses/VALIDATION_ERROR"}
    described = document["components"]["responses"]["VALIDATION_ERROR"]["description"]
    assert "`VALIDATION_ERROR`" in described
    assert "MEETING" not in described


def test_errors_show_what_they_look_like(document: dict[str, Any]) -> None:
    """In the very body that meetings answers with, and with its headers."""
    answers = document["paths"]["/api/v1/meetings"]["post"]["responses"]

    content = answers["400"]["content"]
    examples = content["application/json"]["examples"]
    shown = examples["MEETING_VALIDATION_ERROR"]["value"]["error"]
    assert shown.keys() == {"code", "message", "fields"}
    problems = content["application/problem+json"]["examples"]
    problem = problems["MEETING_VALIDATION_ERROR"]["value"]
    assert problem["errors"][0]["pointer"] == "#/end_time"
    assert answers["401"]["headers"].keys() == {"X-Request-ID", "WWW-Authenticate"}
    unavailable = document["components"]["responses"]["SERVICE_UNAVAILABLE"]
    assert answers["503"] == {"$ref": "#/components/responses/SERVICE_UNAVAILABLE"}
    assert unavailable["headers"].keys() == {"X-Request-ID", "Retry-After"}


def test_the_shapes_are_described(document: dict[str, Any]) -> None:
    """Inputs forbid what they do not know; times and ids say what they are."""
    schemas = document["components"]["schemas"]

    assert schemas["MeetingInput"]["additionalProperties"] is False
    assert schemas["MeetingInput"]["properties"]["start_time"]["format"] == "date-time"
    assert set(schemas["MeetingInput"]["required"]) == {
        "title",
        "start_time",
        "end_time",
    }
    assert "required" not in schemas["MeetingChange"]
    assert "default" not in str(schemas["MeetingChange"])
    assert "password" not in schemas["UserOutput"]["properties"]


def test_the_page_needs_nothing_from_elsewhere(api: Api) -> None:
    """Everything the page loads is served here, under a strict policy."""
    page = api.call("GET", "//docs")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.mimetype == "text/html"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.get_data(as_text=True))
    assert len(loaded) == 5
    for address in loaded:
        answer = api.call("GET", f"//{address}")
        assert (address, answer.status_code) == (address, 200)
        answer.close()


def test_the_bare_address_leads_to_the_page(api: Api) -> None:
    """Who opens it in a browser sees what there is."""
    answer = api.call("GET", "//")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")


def test_people_get_pages_outside_of_the_api(api: Api) -> None:
    """A mistyped address is a page in a browser; of the API and to programs, JSON."""
    browser = {"Accept": "text/html,*/*;q=0.8"}

    answers = [
        api.call("GET", "//doc", headers=browser),
        api.call("GET", "//doc", headers={"Accept": "*/*"}),
        api.call("GET", "/buildings", headers=browser),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert [answer.mimetype for answer in answers] == [
        "text/html",
        "application/json",
        "application/json",
    ]

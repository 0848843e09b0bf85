"""The pages that the `type` of a problem leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from failwell.catalog import CATALOG, CatalogEntry
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import MakeApp

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROBLEM = "application/problem+json"


def test_every_type_leads_to_its_entry(make_app: MakeApp) -> None:
    """For each code of the catalogue, and from a real problem."""
    client = make_app().test_client()

    problem = client.get("/nowhere", headers={"Accept": PROBLEM})
    entry = client.get(problem.json["type"])
    listed = client.get("/problems/").json["problems"]

    assert entry.json["code"] == problem.json["code"] == "NOT_FOUND"
    assert entry.json["title"] == problem.json["title"]
    assert [each["code"] for each in listed] == [each.code for each in CATALOG]
    for each in listed:
        assert client.get(each["type"]).json == each


@pytest.mark.parametrize("path", ["/problems/", "/problems/CIRCUIT_OPEN"])
def test_a_browser_gets_a_page_that_can_do_nothing(
    make_app: MakeApp, path: str
) -> None:
    """HTML, under a policy that forbids everything."""
    response = make_app().test_client().get(path, headers={"Accept": BROWSER})

    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Vary"] == "Accept"
    assert "CIRCUIT_OPEN" in response.text


def test_an_entry_is_escaped(make_app: MakeApp) -> None:
    """An application's texts are texts."""
    CATALOG.add(
        CatalogEntry(
            code="A<B",
            title="<script>",
            status=418,
            meaning="<img>",
            remedy="&",
            example={"a": "</dd><script>"},
        )
    )
    client = make_app().test_client()

    pages = [
        client.get(path, headers={"Accept": BROWSER}).text
        for path in ("/problems/", "/problems/A<B")
    ]
    del CATALOG._entries["A<B"]

    for page in pages:
        assert "<script>" not in page
        assert "<img>" not in page
        assert "&lt;script&gt;" in page


def test_an_unknown_code_is_404(make_app: MakeApp) -> None:
    """In the usual form, also for a browser."""
    client = make_app().test_client()

    response = client.get("/problems/<b>", headers={"Accept": BROWSER})

    assert response.status_code == 404
    assert response.content_type == "application/json"


@pytest.mark.parametrize("rule", ["/problems", "/problems/", "/problems/<int:number>"])
def test_an_applications_own_problems_stay_its_own(rule: str) -> None:
    """Then there is no catalogue, and no `type` that leads to it."""
    app = Flask("backend")
    app.add_url_rule(rule, "mine", lambda **_: "mine")
    register_error_handlers(app)
    client = app.test_client()

    mine = client.get(rule.replace("<int:number>", "5"))
    problem = client.get("/nowhere", headers={"Accept": PROBLEM})

    assert mine.text == "mine"
    assert problem.json is not None
    assert problem.json["type"] == "about:blank"
    assert client.get("/problems/NOT_FOUND").status_code == 404


def test_registration_after_the_first_request_is_refused() -> None:
    """Flask says so itself, and nothing is half installed."""
    app = Flask("backend")
    app.test_client().get("/")
    before = app.wsgi_app

    with pytest.raises(AssertionError, match="first request"):
        register_error_handlers(app)

    assert app.wsgi_app == before
    assert "failwell.responses" not in app.extensions

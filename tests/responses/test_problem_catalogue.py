"""The pages that the `type` of a problem leads to."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("path", ["/problems/", "/problems/CIRCUIT_OPEN"])
def test_the_stylesheet_is_served_beside_the_pages(
    make_app: MakeApp, path: str
) -> None:
    """The policy lets nothing else in; the address changes with the content."""
    client = make_app().test_client()

    page = client.get(path, headers={"Accept": BROWSER})
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    style = client.get(address)

    assert "style-src 'self';" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text
    assert "<script" not in page.text
    assert style.mimetype == "text/css"
    assert "immutable" in style.headers["Cache-Control"]
    assert style.headers["X-Content-Type-Options"] == "nosniff"
    style.close()


@pytest.mark.parametrize(
    ("code", "advice", "header"),
    [
        ("CIRCUIT_OPEN", "Yes: the same request may succeed later.", "Retry-After"),
        ("INTERNAL_ERROR", "No: the fault is in the service", None),
        ("INVALID_TOKEN", "No: the same request will be refused", "WWW-Authenticate"),
    ],
)
def test_a_page_tells_people_what_to_do(
    make_app: MakeApp, code: str, advice: str, header: str | None
) -> None:
    """Meaning, remedy, whether to send it again, headers, and both bodies."""
    entry = CATALOG.get(code)
    assert entry is not None

    page = (
        make_app().test_client().get(f"/problems/{code}", headers={"Accept": BROWSER})
    )

    assert entry.meaning in page.text
    assert entry.remedy.split("`")[0] in page.text
    assert "`" not in page.text
    assert advice in page.text
    assert ("Comes with" in page.text) is (header is not None)
    assert header is None or f"<code>{header}</code>" in page.text
    assert f"&#34;code&#34;: &#34;{code}&#34;" in page.text
    assert f"&#34;type&#34;: &#34;/problems/{code}&#34;" in page.text


def test_only_what_is_recorded_is_shown_with_an_id(make_app: MakeApp) -> None:
    """The example promises nothing that the answer will not have."""
    client = make_app().test_client()

    pages = {
        code: client.get(f"/problems/{code}", headers={"Accept": BROWSER}).text
        for code in ("INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "NOT_FOUND")
    }

    assert [code for code, page in pages.items() if "urn:failwell:error:" in page] == [
        "INTERNAL_ERROR"
    ]


def test_links_lead_to_the_pages_below_a_prefix(make_app: MakeApp) -> None:
    """Where the application is mounted."""
    client = make_app().test_client()

    page = client.get(
        "/problems/", base_url="http://localhost/shop", headers={"Accept": BROWSER}
    )

    assert 'href="/shop/problems/NOT_FOUND"' in page.text
    assert 'href="/shop/problems/static/problems.css?v=' in page.text

"""Pages for browsers outside the API, and only there."""

from pathlib import Path

import pytest
from flask import Flask

from failwell import ConflictError, Failwell

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CANARY = "<script>alert('canary')</script>"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An application with pages and an API, and a folder of templates."""
    app = Flask("site", template_folder=str(tmp_path))
    app.config.update(
        TESTING=True, PROPAGATE_EXCEPTIONS=False, FAILWELL_RESPONSES_API_PREFIX="/api"
    )
    Failwell(app)

    @app.get("/crash")
    @app.get("/api/crash")
    def crash() -> str:
        raise KeyError(CANARY)

    @app.get("/taken")
    def taken() -> str:
        raise ConflictError(CANARY)

    return app


def _get(app: Flask, path: str, accept: str = BROWSER) -> tuple[int, str, str]:
    response = app.test_client().get(path, headers={"Accept": accept})
    return response.status_code, response.content_type, response.text


def test_a_browser_gets_a_page_outside_of_the_api(app: Flask) -> None:
    """With the status, the title of the catalogue, and the id that leads to the record."""
    status, kind, text = _get(app, "/crash")

    assert (status, kind) == (500, "text/html; charset=utf-8")
    assert "<h1>Internal server error</h1>" in text
    assert "quote <code>" in text
    assert "canary" not in text
    assert "KeyError" not in text


def test_the_page_cannot_be_broken_out_of(app: Flask) -> None:
    """Its text is escaped, and its policy allows no script at all."""
    response = app.test_client().get("/taken", headers={"Accept": BROWSER})

    assert "<script" not in response.text
    assert "&lt;script&gt;" in response.text
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", ["/api/crash", "/api/nowhere", "/api"])
def test_an_api_never_answers_with_a_page(app: Flask, path: str) -> None:
    """Whatever the client prefers."""
    assert _get(app, path)[1] == "application/json"


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/csv", "x"])
def test_programs_get_json_everywhere(app: Flask, accept: str) -> None:
    """A page is for those who prefer one."""
    assert _get(app, "/crash", accept)[1] == "application/json"


def test_without_a_prefix_nobody_gets_a_page() -> None:
    """The default: a backend is an API."""
    app = Flask("backend")
    app.testing = True
    Failwell(app)

    assert _get(app, "/nowhere")[1] == "application/json"


def test_an_application_brings_its_own_pages(app: Flask, tmp_path: Path) -> None:
    """One for a status, one for all others."""
    folder = tmp_path / "failwell"
    folder.mkdir()
    (folder / "404.html").write_text("Lost: {{ request_id }} {{ code }}")
    (folder / "error.html").write_text("Sorry: {{ status }} {{ title }} {{ message }}")

    response = app.test_client().get(
        "/nowhere", headers={"Accept": BROWSER, "X-Request-ID": "r-1"}
    )
    assert response.text == "Lost: r-1 NOT_FOUND"
    assert "Content-Security-Policy" not in response.headers
    assert _get(app, "/taken")[2].startswith("Sorry: 409 Conflict &lt;script&gt;")


def test_a_page_that_fails_is_replaced(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours is shown, the status stays, and the log says what is wrong with theirs."""
    (tmp_path / "failwell").mkdir()
    (tmp_path / "failwell" / "error.html").write_text("{{ 1 / 0 }}")

    status, _, text = _get(app, "/taken")

    assert status == 409
    assert "<h1>Conflict</h1>" in text
    assert any("could not be rendered" in r.getMessage() for r in caplog.records)


def test_a_page_is_shown_for_what_the_guard_answers(app: Flask) -> None:
    """Where Flask has given up."""

    @app.teardown_request
    def fail(_: BaseException | None) -> None:
        raise OSError(CANARY)

    status, kind, text = _get(app, "/nowhere")

    assert (status, kind) == (500, "text/html; charset=utf-8")
    assert "canary" not in text

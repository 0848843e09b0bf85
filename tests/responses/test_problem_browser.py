"""The catalogue in a real browser: small and large, by day and by night."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from failwell.responses import register_error_handlers

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium with a profile of its own."""
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is not installed"
        if os.environ.get("TESTS_BROWSER_REQUIRED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve an application on a real socket."""
    app = Flask("backend")
    register_error_handlers(app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_every_page_fits_and_is_styled_under_its_policy(
    browser: Browser, address: str, scheme: Literal["light", "dark"], width: int
) -> None:
    """No page scrolls sideways, and the browser has nothing to report."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    reports: list[str] = []
    page.on("console", lambda message: reports.append(message.text))

    for code in ("VALIDATION_ERROR", "INVALID_TOKEN", "SERVICE_UNAVAILABLE"):
        page.goto(f"{address}/problems/")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.get_by_role("link", name=code).click()

        assert page.get_by_role("heading", level=1).inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        paper = page.evaluate(
            "getComputedStyle(document.documentElement).backgroundColor"
        )
        assert (
            paper == {"light": "rgb(250, 249, 247)", "dark": "rgb(22, 23, 26)"}[scheme]
        )

    context.close()
    # A browser asks for an icon by itself, which the application does not have.
    assert [report for report in reports if "status of 404" not in report] == []

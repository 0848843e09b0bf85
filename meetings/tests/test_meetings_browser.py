"""The document page in a real browser, under its own policy."""

import os
import shutil
import threading
from collections.abc import Iterator

import pytest
from meetings_api import Api
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

pytestmark = pytest.mark.browser


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    """Return where the application is served."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_document_is_shown_without_a_complaint(address: str) -> None:
    """Every operation appears, nothing is fetched from elsewhere, nothing is blocked."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("TESTS_BROWSER_REQUIRED") == "1":
            pytest.fail("Chromium is required here and not installed")
        pytest.skip("no Chromium")
    complaints: list[str] = []
    asked: list[str] = []

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/docs")
        page.wait_for_selector("#operations-meetings-meetings_create")
        page.click("#operations-meetings-meetings_create button")
        page.wait_for_selector("text=Example Value")
        browser.close()

    assert complaints == []
    assert all(url.startswith(address) for url in asked)

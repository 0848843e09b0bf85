"""A real browser before a console that is served on a real socket."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = Path("/usr/bin/chromium")
# A refused key and the other site's missing icon are answers, not defects.
_ANSWERS = re.compile("status of 4\\d\\d")


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
            headless=True,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Serve the application on a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own; anything that a page reports fails."""
    contexts: list[BrowserContext] = []
    reports: list[str] = []

    def visit(**options: Any) -> Page:  # noqa: ANN401 - what a context takes
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type != "debug" and reports.append(m.text))
        page.on("pageerror", lambda error: reports.append(str(error)))
        page.on("dialog", lambda dialog: reports.append(dialog.message))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [report for report in reports if not _ANSWERS.search(report)] == []

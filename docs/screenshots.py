"""Take the pictures of the documents from the running program, after a demo.

Serves an instance of its own in an empty folder, sends it the demo, signs in through the
one-time link as a person does, and takes the pages in an installed Chromium.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

PICTURES = Path(__file__).parent / "images"
WIDTH, HEIGHT = 1280, 860


def main() -> None:
    """Take them."""
    PICTURES.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium is installed; on Debian: apt-get install chromium")
    with _served() as signin, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        with playwright.chromium.launch(
            executable_path=chromium, args=arguments
        ) as browser:
            _take(browser, signin)


def _take(browser: Browser, signin: str) -> None:
    day = {"viewport": {"width": WIDTH, "height": HEIGHT}, "color_scheme": "light"}
    context = browser.new_context(**day, device_scale_factor=1)
    page = context.new_page()
    page.goto(signin)
    home = page.url
    page.screenshot(path=PICTURES / "console.png")
    page.locator("[data-group] th a").first.click()
    group = page.url
    page.goto(f"{home}health")
    page.screenshot(path=PICTURES / "console-health.png")
    _take_at_night(browser, context.cookies(), group)


def _take_at_night(browser: Browser, cookies: list[Any], group: str) -> None:
    """Take a group as somebody sees it who was woken by an alert."""
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    context = browser.new_context(**phone, device_scale_factor=2)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(group)
    page.screenshot(path=PICTURES / "console-phone.png")


@contextmanager
def _served() -> Iterator[str]:
    """Serve a new instance that has seen the demo; give the sign-in link."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "PORT": port, "MEETINGS_INSTANCE_DIR": folder}
        meetings = [sys.executable, "-m", "meetings"]
        server = subprocess.Popen(  # noqa: S603 - our own program
            [*meetings, "serve"],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with server:
            assert server.stdout is not None
            link = next(filter(None, map(_find_link, server.stdout)))
            subprocess.run([*meetings, "demo"], cwd=folder, env=environ, check=True)  # noqa: S603 - as above
            yield link
            server.terminate()


def _find_link(line: str) -> str | None:
    found = re.search(r"http\S+signin\?token=\S+", line)
    return found[0] if found else None


if __name__ == "__main__":
    main()

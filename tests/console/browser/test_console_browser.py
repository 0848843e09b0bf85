"""The console in a real browser: small and large, by day and by night, with no script."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page

from failwell._settings import Settings
from failwell.console import signin_link
from failwell.fleet import CircuitReport, ProcessReport, StoreBoard
from failwell.records import AnswerDefinition, ErrorRecord, ExceptionInfo, RequestInfo
from failwell.resilience import CircuitState
from failwell.store import CircuitOrder
from failwell.testing import ManualClock

pytestmark = pytest.mark.browser

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    f"\"' onmouseover='alert(1)' \x1b[31m \u202e{'long' * 60}"
)
# The lowest contrast of any text on the page with what is painted behind it
# (WCAG 2.2, 1.4.3).
LOWEST_CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length && (c.length < 4 || c[3] > 0)) return c;
    }
    return [255, 255, 255];
  };
  let lowest = [21, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !e.checkVisibility() || e.closest("svg")) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < lowest[0]) lowest = [ratio, texts.currentNode.data.trim()];
  }
  return lowest;
}"""


@pytest.fixture(autouse=True)
def shop(
    feed_error: Callable[..., ErrorRecord],
    record: Callable[..., ErrorRecord],
    feed_answers: Callable[[AnswerDefinition, int], None],
    board: StoreBoard,
    clock: ManualClock,
) -> None:
    """Have errors and circuits of every kind, hostile ones too."""
    request = RequestInfo(
        method="POST",
        route=HOSTILE,
        path=f"/{HOSTILE}",
        query=HOSTILE,
        headers={"User-Agent": HOSTILE},
        data={"note": HOSTILE},
    )
    cause = ExceptionInfo("shop.db.Gone", HOSTILE, relation="cause", omitted_frames=9)
    plain = record(request=replace(request, path="/pay", query=""))
    feed_error(plain, times=1200)
    feed_error(record(number=2, request=request), times=34, hours_ago=5)
    hostile = record(group="00000000000000bb", error_type=HOSTILE, message=HOSTILE)
    feed_error(replace(hostile, exceptions=(*hostile.exceptions, cause)))
    feed_answers(
        AnswerDefinition(
            application="shop",
            environment="production",
            code="MEETING_CONFLICT",
            status=503,
            method="POST",
            route=f"/a/rather/long/{'route/' * 12}",
        ),
        88,
    )
    now = datetime.fromtimestamp(clock.now(), UTC)
    for number, state in enumerate(CircuitState):
        circuits = [
            CircuitReport(
                name=name,
                state=state,
                since=now,
                retry_at=now + timedelta(seconds=42),
                override=None,
                calls=0,
                failures=1234,
                slow=0,
                rejected=56_789,
                opened=3,
            )
            for name in ("mail", HOSTILE)
        ]
        process = f"{'long' * 15}:{number}"
        told = ProcessReport(process=process, at=now, circuits=tuple(circuits))
        board.report(told)
    for name in ("mail", HOSTILE):
        board.order(
            CircuitOrder(name=name, override="open", set_by=HOSTILE, set_at=now)
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_is_readable(
    visit: Callable[..., Page],
    address: str,
    settings: Settings,
    clock: ManualClock,
    width: int,
    scheme: str,
) -> None:
    """By link to every page: nothing overflows, nothing is faint, nothing is reported."""
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(f"{address}{PREFIX}/")
    form = _measure(page)
    page.goto(signin_link(settings, address, clock))
    home = page.url

    pages = {"form": form}
    error = "00000000000000aa-0000000000000002"
    for path in (
        "/",
        "/groups/1",
        f"/groups/1/events/{error}",
        "/groups/2",
        "/?q=is:nonsense",
        "/health",
        "/alerts",
        "/audit",
        "/circuits",
    ):
        page.goto(f"{address}{PREFIX}{path}")
        closed = page.locator("details:not([open]) > summary")
        # The last one first: each is found anew, among those that are still closed.
        for details in reversed(closed.all()):
            details.click()
        pages[path] = _measure(page)

    assert home == f"{address}{PREFIX}/"
    for path, (overflow, (contrast, text)) in pages.items():
        assert overflow <= 0, path
        assert contrast >= 4.5, (path, text)


def test_a_person_finds_an_error_without_scripts(
    visit: Callable[..., Page], address: str
) -> None:
    """Key, list, group, event, an id that was quoted, and out, all by plain HTML."""
    page = visit(java_script_enabled=False)
    page.goto(f"{address}{PREFIX}/groups/1")
    page.get_by_label("Key of the console").fill("not the key, by a slip")
    page.get_by_role("button", name="Sign in").click()
    refusal = page.get_by_role("alert").inner_text()

    page.get_by_label("Key of the console").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    asked_for = page.url
    pages = page.get_by_role("navigation", name="Pages")
    pages.get_by_role("link", name="Circuits").click()
    circuit = page.get_by_role("row").filter(has_text="mail").inner_text()
    pages.get_by_role("link", name="Errors").click()
    row = page.get_by_role("row").filter(has_text="shop.cart:pay").last
    row.get_by_role("link").click()
    page.get_by_role("link", name="Older").click()
    older = page.locator(".tags").inner_text()
    page.get_by_label("Search").fill('{"id": "00000000000000aa-0000000000000001"}')
    page.get_by_role("button", name="Find").click()
    newest = page.locator(".tags").inner_text()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{address}{PREFIX}/groups/1")

    assert "This is not the key" in refusal
    assert "half-open" in circuit
    assert asked_for == f"{address}{PREFIX}/groups/1"
    assert "00000000000000aa-0000000000000002" in older
    assert "00000000000000aa-0000000000000001" in newest
    assert page.get_by_role("button", name="Sign in").is_visible()


def test_a_link_in_a_page_of_another_site_signs_in(
    visit: Callable[..., Page], address: str, settings: Settings, clock: ManualClock
) -> None:
    """A link in a web mail works: the cookies survive a navigation between sites."""
    link = signin_link(settings, address, clock)
    mail = address.replace("127.0.0.1", "localhost")
    page = visit()
    page.goto(f"{mail}/")
    page.set_content(f'<a href="{link}">Sign in</a>')

    page.get_by_role("link").click()
    page.wait_for_url(f"{address}{PREFIX}/")

    assert page.get_by_role("heading", level=1).inner_text().startswith("1,235 errors")


def test_the_keyboard_is_enough(
    visit: Callable[..., Page], address: str, settings: Settings, clock: ManualClock
) -> None:
    """Focus is always visible, and the first stop skips to the content."""
    page = visit()
    page.goto(signin_link(settings, address, clock))
    stops = []
    while len(stops) < 40 and "KeyError" not in [text for text, _ in stops]:
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                "() => [document.activeElement.textContent.trim().slice(0, 8),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )

    assert stops[0][0] == "Skip to "
    assert {outline for _, outline in stops} == {"solid"}
    assert "KeyError" in [text for text, _ in stops]


def _measure(page: Page) -> tuple[int, tuple[float, str]]:
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return overflow, page.evaluate(LOWEST_CONTRAST)

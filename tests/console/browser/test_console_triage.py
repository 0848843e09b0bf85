"""From "something broke" to "fixed" in a real browser: with a script, without, by keys."""

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from failwell._settings import Settings
from failwell.console import signin_link
from failwell.records import ErrorRecord, ExceptionInfo, RequestInfo
from failwell.store import Store
from failwell.testing import ManualClock

pytestmark = pytest.mark.browser

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\"' autofocus onfocus='alert(1)' javascript:alert(1) {{ 7 * 191 }} \x1b[31m"
)
# What the pages ask of the script: to look now, and not in some seconds.
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
Visit = Callable[..., Page]
Feed = Callable[..., ErrorRecord]
Make = Callable[..., ErrorRecord]


@pytest.fixture(autouse=True)
def three(feed_error: Feed, record: Make) -> None:
    """Have three groups."""
    for number, name in enumerate(("Full", "Gone", "Late"), 1):
        made = record(group=f"{number:016x}", error_type=f"shop.errors.{name}")
        feed_error(made, times=number)


@pytest.fixture
def enter(
    visit: Visit, address: str, settings: Settings, clock: ManualClock
) -> Callable[..., Page]:
    """Come by a link, as admin."""

    def enter(**options: object) -> Page:
        page = visit(**options)
        page.goto(signin_link(settings, address, clock))
        return page

    return enter


def _names(page: Page) -> list[str]:
    return page.locator("[data-group] th b").all_inner_texts()


def _choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_label(f"Choose {name}").check()


@pytest.mark.parametrize("has_script", [True, False])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_group_is_found_read_resolved_and_regresses(
    enter: Callable[..., Page],
    feed_error: Feed,
    record: Make,
    clock: ManualClock,
    width: int,
    *,
    has_script: bool,
) -> None:
    """Search, stack, comment, resolve; then the error comes back, and the list says so."""
    page = enter(
        viewport={"width": width, "height": 800}, java_script_enabled=has_script
    )
    page.get_by_label("Search").fill("type:Full")
    page.get_by_role("button", name="Find").click()
    found = _names(page)
    page.get_by_role("link", name=re.compile("^Full")).click()
    stack = page.locator(".stack").inner_text()
    page.get_by_label("Comment").fill("The shelf was full.\nIt is emptied.")
    page.get_by_role("button", name="Comment").click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    state = page.locator(".what .state").inner_text()
    page.get_by_role("link", name="Errors").first.click()
    still_open = _names(page)

    clock.advance(60)
    again = record(group=f"{1:016x}", number=9, error_type="shop.errors.Full")
    feed_error(again)
    page.get_by_role("link", name="Regressed").click()
    regressed = _names(page)
    page.get_by_role("link", name=re.compile("^Full")).click()
    history = page.locator(".history").inner_text()

    assert found == ["Full"]
    assert "return cart['price']" in stack
    assert state == "resolved in 1.2.0"
    assert still_open == ["Late", "Gone"]
    assert regressed == ["Full"]
    assert "The shelf was full.\nIt is emptied." in history
    assert history.index("regressed") < history.index("resolved")


@pytest.mark.parametrize("has_script", [True, False])
def test_groups_are_muted_merged_and_taken_apart(
    enter: Callable[..., Page], store: Store, *, has_script: bool
) -> None:
    """Until so many more; the one into the other, and back."""
    page = enter(java_script_enabled=has_script)
    page.get_by_role("link", name=re.compile("^Late")).click()
    page.get_by_label("or until").fill("17")
    page.get_by_role("button", name="Mute").click()
    muted = page.locator(".what .state").inner_text()
    page.get_by_role("link", name="Errors").first.click()
    _choose(page, "Full", "Gone")
    page.get_by_role("button", name="Merge").click()
    merged = _names(page)
    page.locator("[data-group] th a").first.click()
    count = page.locator("#numbers strong").inner_text()
    page.get_by_role("button", name="Unmerge").click()
    page.get_by_role("link", name="Errors").first.click()
    apart = _names(page)

    assert muted == "muted, 17 more"
    assert len(merged) == 1
    assert count == "3"
    assert sorted(apart) == ["Full", "Gone"]
    assert sorted(group.count for group in store.groups()) == [1, 2, 3]


@pytest.mark.parametrize("has_script", [True, False])
def test_bulk_actions_hit_what_is_chosen_and_deleting_asks(
    enter: Callable[..., Page], store: Store, *, has_script: bool
) -> None:
    """Two of three are somebody's; one is deleted after a second word."""
    page = enter(java_script_enabled=has_script)
    hidden = page.locator(".bulk").is_hidden()
    _choose(page, "Full", "Late")
    page.get_by_label("to", exact=True).fill("ada")
    page.get_by_label("to", exact=True).press("Enter")
    untouched = {group.state for group in store.groups()}
    page.get_by_role("button", name="Assign").click()
    said = page.get_by_role("status").inner_text()
    _choose(page, "Gone")
    page.get_by_role("button", name="Delete…").click()
    asked = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Delete").click()

    assert hidden
    assert untouched == {"open"}
    assert said == "2 groups assigned."
    assert asked == "Delete 1 group?"
    assert {group.assigned_to for group in store.groups()} == {"ada"}
    assert sorted(_names(page)) == ["Full", "Late"]


def test_new_errors_appear_without_a_reload(
    enter: Callable[..., Page], feed_error: Feed, record: Make
) -> None:
    """At the top, where nobody is about to click; and looks that find nothing cost a 304."""
    page = enter()
    statuses: list[int] = []
    page.on("response", lambda r: "/updates" in r.url and statuses.append(r.status))
    page.evaluate("window.before = true")
    with page.expect_response("**/updates*"):
        page.evaluate(LOOK)

    feed_error(record(group=f"{4:016x}", error_type="shop.errors.New"), times=40)
    with page.expect_response("**/updates*"):
        page.evaluate(LOOK)
    expect(page.locator("[data-group] th b").first).to_have_text("New")
    heading = page.get_by_role("heading", level=1).inner_text()
    fresh = page.locator(".fresh th b").all_inner_texts()

    assert statuses == [304, 200]
    assert fresh == ["New"]
    assert heading.startswith("46 errors")
    assert page.evaluate("window.before")


def test_nothing_moves_while_somebody_points_or_chooses(
    enter: Callable[..., Page], feed_error: Feed, record: Make
) -> None:
    """A button says that there are new ones, and inserts them when it is pressed."""
    page = enter()
    _choose(page, "Gone")
    before = _names(page)
    feed_error(record(group=f"{4:016x}", error_type="shop.errors.New"))
    page.evaluate(LOOK)
    arrived = page.get_by_role("button", name="New errors")
    expect(arrived).to_be_visible()
    meanwhile = _names(page)

    arrived.click()
    expect(page.locator("[data-group] th b").first).to_have_text("New")

    assert meanwhile == before
    assert page.get_by_label("Choose Gone").is_checked()


def test_whoever_is_not_signed_in_any_more_is_led_to_the_form(
    enter: Callable[..., Page], clock: ManualClock
) -> None:
    """The next look finds that the session is over."""
    page = enter()
    clock.advance(13 * 3600)
    page.evaluate(LOOK)

    page.wait_for_url(re.compile("/signin"))

    assert page.get_by_role("button", name="Sign in").is_visible()


def test_the_keyboard_alone_resolves(enter: Callable[..., Page], store: Store) -> None:
    """Search, walk, choose and press, without ever touching a mouse."""
    page = enter()
    page.keyboard.press("/")
    page.keyboard.press("End")
    page.keyboard.type(" -Gone")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q="))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.innerText")
    page.keyboard.press("x")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Resolve":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done=resolve"))

    assert focused.startswith("Full")
    assert {group.type: group.state for group in store.groups()} == {
        "shop.errors.Full": "resolved",
        "shop.errors.Gone": "open",
        "shop.errors.Late": "open",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(
    enter: Callable[..., Page],
    visit: Visit,
    address: str,
    store: Store,
    scheme: str,
    width: int,
) -> None:
    """On any page, by day and by night, small and large."""
    store.merge([1, 2], by="ada")
    store.mute([3], by="ada", more=3)
    look: dict[str, Any] = {
        "viewport": {"width": width, "height": 800},
        "color_scheme": scheme,
    }
    axe = (files("axe_playwright_python") / "axe.min.js").read_text()
    stranger, page = visit(**look), enter(**look)
    stranger.goto(f"{address}{PREFIX}/signin")
    pages = [(stranger, f"{PREFIX}/signin")]
    pages += [
        (page, PREFIX + path)
        for path in (
            "/?q=",
            "/groups/1",
            "/health",
            "/circuits",
            "/alerts",
            "/audit",
            "/none",
        )
    ]

    for tab, path in pages:
        tab.goto(address + path)
        if path.endswith("q="):
            tab.locator("input[name=ids]").first.check()
        for closed in reversed(tab.locator("details:not([open]) > summary").all()):
            closed.click()
        tab.evaluate(axe)
        violations = tab.evaluate("axe.run()")["violations"]

        assert [
            (path, found["id"], [node["target"] for node in found["nodes"]])
            for found in violations
            if found["impact"] in {"serious", "critical"}
        ] == []


def test_hostile_text_stays_text_wherever_it_is_stored(
    enter: Callable[..., Page],
    address: str,
    store: Store,
    feed_error: Feed,
    record: Make,
) -> None:
    """In every field of an error, in comments, names and searches: no dialog, no request."""
    request = RequestInfo(
        method="GET",
        route=HOSTILE,
        path=f"/{HOSTILE}",
        query=HOSTILE,
        headers={HOSTILE: HOSTILE},
        content_type=HOSTILE,
        body={HOSTILE: HOSTILE},
        data={HOSTILE: [HOSTILE]},
    )
    cause = ExceptionInfo(f"a.{HOSTILE}", HOSTILE, (), relation="context")
    made = record(
        group=f"{9:016x}", error_type=HOSTILE, message=HOSTILE, module=HOSTILE
    )
    hostile = replace(
        made,
        exceptions=(*made.exceptions, cause),
        request=request,
        release=HOSTILE,
        environment=HOSTILE,
        user_id=HOSTILE,
        request_id=HOSTILE,
        tags={HOSTILE: HOSTILE},
        context={HOSTILE: HOSTILE},
    )
    feed_error(hostile)
    store.assign([4], HOSTILE, by=HOSTILE)
    store.comment(4, HOSTILE, by=HOSTILE)
    store.note(HOSTILE, by=HOSTILE, details={"search": HOSTILE})
    store.resolve([4], by=HOSTILE)
    page = enter()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))

    for path in (
        "/?q=",
        "/groups/4",
        f"/groups/4/events/{made.id}",
        f"/errors/{made.id}/markdown",
        f"/errors/{made.id}/test",
        "/health",
        "/audit",
    ):
        page.goto(address + PREFIX + path)
        page.evaluate(LOOK)
    page.goto(f"{address}{PREFIX}/")
    searched = HOSTILE.replace("\x1b", "")
    page.get_by_label("Search").fill(searched)
    page.get_by_role("button", name="Find").click()
    page.wait_for_url(re.compile("q="))

    assert page.get_by_label("Search").input_value() == searched
    assert page.locator("img, iframe, script:not([src])").count() == 0
    assert {url for url in asked if not url.startswith(f"{address}{PREFIX}/")} == set()

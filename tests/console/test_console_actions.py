"""What can be done to groups from the pages: on exactly those that are chosen."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from failwell.records import ErrorRecord
from failwell.store import Store

PREFIX = "/errors-of/shop"
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]
Send = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def four(feed_error: FeedError, record: MakeRecord) -> None:
    """Have four groups."""
    for number in range(1, 5):
        feed_error(record(group=f"{number:016x}"))


def _states(store: Store) -> dict[int, str]:
    return {group.id: group.state for group in store.groups()}


def test_bulk_actions_hit_exactly_what_is_chosen(
    operator: FlaskClient, send: Send, store: Store
) -> None:
    """Not a group more, not one less, and the page says how many."""
    answer = send(
        operator, "/groups/resolve", ids=[1, 3], next=f"{PREFIX}/?q=type%3AKeyError"
    )
    page = operator.get(answer.headers["Location"])

    assert answer.headers["Location"] == (
        f"{PREFIX}/?q=type%3AKeyError&done=resolve&n=2"
    )
    assert _states(store) == {1: "resolved", 2: "open", 3: "resolved", 4: "open"}
    assert "2 groups resolved." in page.text
    assert store.history(1)[0].by == "operator key"


def test_each_action_does_what_it_says(
    operator: FlaskClient, send: Send, store: Store
) -> None:
    """As the store has it afterwards."""
    send(operator, "/groups/resolve", ids=[1], until_next_release="true")
    send(operator, "/groups/mute", ids=[2], until="2h")
    send(operator, "/groups/mute", ids=[3], more="17")
    send(operator, "/groups/assign", ids=[3, 4], to=" ada ")
    send(operator, "/groups/comment", ids=[4], text="look at the <disk>")

    found = {group.id: group for group in store.groups()}
    assert found[1].until_next_release
    assert found[2].muted_until == datetime(2027, 1, 15, 14, tzinfo=UTC)
    assert found[3].muted_more == 17
    assert [found[3].assigned_to, found[4].assigned_to] == ["ada", "ada"]
    assert store.history(4)[0].details == {"text": "look at the <disk>"}
    assert "look at the &lt;disk&gt;" in operator.get(f"{PREFIX}/groups/4").text


def test_groups_are_reopened_assigned_to_nobody_and_muted_for_ever(
    operator: FlaskClient, send: Send, store: Store
) -> None:
    """Fields that are left empty stand for none."""
    send(operator, "/groups/resolve", ids=[1])
    send(operator, "/groups/assign", ids=[2], to="ada")

    send(operator, "/groups/reopen", ids=[1])
    send(operator, "/groups/assign", ids=[2], to="")
    send(operator, "/groups/mute", ids=[3], until="", more="")

    found = {group.id: group for group in store.groups()}
    assert found[1].state == "open"
    assert found[2].assigned_to is None
    assert [found[3].state, found[3].muted_until, found[3].muted_more] == [
        "muted",
        None,
        None,
    ]


def test_merging_and_taking_it_back(
    operator: FlaskClient, send: Send, store: Store
) -> None:
    """The first one keeps its address, and those of the others lead to it."""
    send(operator, "/groups/merge", ids=[2, 4])
    merged = sorted(_states(store))
    address = operator.get(f"{PREFIX}/groups/4").headers["Location"]
    page = operator.get(address).text
    send(operator, "/groups/unmerge", ids=[2])

    assert merged == [1, 2, 3]
    assert address == f"{PREFIX}/groups/2"
    assert f'action="{PREFIX}/groups/unmerge"' in page
    assert sorted(_states(store)) == [1, 2, 3, 4]


def test_deleting_asks_first(admin: FlaskClient, send: Send, store: Store) -> None:
    """The first click names what will go, the second one removes it; the log stays."""
    asked = send(admin, "/groups/delete", ids=[2, 3])
    before = sorted(_states(store))
    done = send(admin, "/groups/delete", ids=[2, 3], confirmed="yes")

    assert asked.status_code == 200
    assert "Delete 2 groups?" in asked.text
    assert "group 3" in asked.text
    assert before == [1, 2, 3, 4]
    assert done.headers["Location"] == f"{PREFIX}/?done=delete&n=2"
    assert sorted(_states(store)) == [1, 4]
    assert admin.get(f"{PREFIX}/groups/2").status_code == 404
    assert "deleted" in admin.get(f"{PREFIX}/audit").text


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/groups/resolve", {}, "No group is chosen"),
        ("/groups/resolve", {"ids": ["1", "x"]}, "Expected `int`"),
        ("/groups/resolve", {"ids": ["-1"]}, ">= 1"),
        ("/groups/mute", {"ids": ["1"], "until": "soon"}, "allowed: a time in ISO"),
        ("/groups/mute", {"ids": ["1"], "until": "2001-01-01"}, "which is past"),
        ("/groups/mute", {"ids": ["1"], "more": "0"}, ">= 1"),
        ("/groups/comment", {"ids": ["1"], "text": " "}, "text"),
        ("/groups/merge", {"ids": ["1"]}, "two"),
        ("/groups/unmerge", {"ids": ["1"]}, "merge"),
        ("/groups/resolve", {"ids": [str(i) for i in range(1, 1002)]}, "1000"),
    ],
)
def test_what_is_not_allowed_changes_nothing(
    admin: FlaskClient,
    send: Send,
    store: Store,
    path: str,
    fields: dict[str, object],
    said: str,
) -> None:
    """And the page says what is."""
    answer = send(admin, path, **fields)

    assert answer.status_code == 400
    assert said in answer.text.replace("&#39;", "'").replace("&gt;", ">")
    assert set(_states(store).values()) == {"open"}


def test_a_group_that_is_gone_stops_the_whole(
    admin: FlaskClient, send: Send, store: Store
) -> None:
    """All or nothing."""
    answer = send(admin, "/groups/resolve", ids=[1, 99])

    assert answer.status_code == 404
    assert set(_states(store).values()) == {"open"}


def test_what_was_done_leads_nowhere_else(admin: FlaskClient, send: Send) -> None:
    """A form cannot be made to lead to another site."""
    answer = send(admin, "/groups/resolve", ids=[1], next="https://evil.example/")

    assert answer.headers["Location"].startswith(f"{PREFIX}/?done=")


@pytest.mark.parametrize("n", ["<b>", "1e9", "", "999999"])
def test_a_made_up_address_says_nothing(admin: FlaskClient, n: str) -> None:
    """Only numbers are repeated."""
    page = admin.get(f"{PREFIX}/", query_string={"done": "resolve", "n": n}).text

    assert 'role="status"' not in page


def test_a_viewer_sees_no_buttons(viewer: FlaskClient, operator: FlaskClient) -> None:
    """And an operator none that deletes."""
    pages = [
        client.get(PREFIX + path).text
        for client in (viewer, operator)
        for path in ("/", "/groups/1")
    ]

    assert ["groups/resolve" in page and "<button form" in page for page in pages] == [
        False,
        False,
        True,
        True,
    ]
    assert [bool(re.search("formaction=.*/delete", page)) for page in pages] == [
        False
    ] * 4


def test_the_audit_log_tells_who_came_and_what_was_done(
    admin: FlaskClient, operator: FlaskClient, send: Send
) -> None:
    """Signing in and out, wrong keys, exports, and each change."""
    send(operator, "/groups/resolve", ids=[1])
    operator.get(f"{PREFIX}/api/export/groups")
    send(operator, "/signout")
    operator.post(f"{PREFIX}/signin", data={"key": "not the key <b>"})

    page = admin.get(f"{PREFIX}/audit").text
    told = re.findall(r"<b>([^<]+)</b> (\w+(?: \w+)?)", page)

    assert told[:6] == [
        ("nobody", "refused"),
        ("operator key", "signed out"),
        ("operator key", "exported"),
        ("operator key", "resolved"),
        ("operator key", "signed in"),
        ("key", "signed in"),
    ]
    assert "not the key" not in page

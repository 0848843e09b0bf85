"""The list of groups: searched, sorted, in pages, and its part that changes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from failwell.console._search import read_search
from failwell.records import ErrorRecord
from failwell.store import Store
from failwell.testing import ManualClock

PREFIX = "/errors-of/shop"
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]


def _shown(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-group="(\d+)"', html)]


@pytest.fixture
def three(feed_error: FeedError, record: MakeRecord) -> None:
    """Have three groups, the last one seen last."""
    feed_error(record(), times=7, hours_ago=3)
    full = record(group="00000000000000bb", error_type="shop.errors.Full")
    feed_error(full, times=2, hours_ago=2)
    gone = record(group="00000000000000cc", error_type="shop.errors.Gone")
    feed_error(gone, times=3, hours_ago=1)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("address", "groups"),
    [
        ("/", [3, 2, 1]),
        ("/?q=", [3, 2, 1]),
        ("/?q=type:Full", [2]),
        ("/?q=gone", [3]),
        ("/?q=-type:Full", [3, 1]),
        ("/?q=is:resolved", []),
        ("/?sort=count", [1, 3, 2]),
        ("/?sort=first_seen", [3, 2, 1]),
        ("/?sort=trend", [1, 3, 2]),
        ("/?q=seen:%3C2h", [3, 2]),
    ],
)
def test_a_search_is_an_address(
    admin: FlaskClient, address: str, groups: list[int]
) -> None:
    """What is looked for, and in which order, stands in the address alone."""
    answer = admin.get(PREFIX + address)

    assert answer.status_code == 200
    assert _shown(answer.text) == groups


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("is:gone", "is:open"),
        ("colour:red", "nothing is called"),
        ('"two words', "quotation mark"),
    ],
)
def test_a_search_that_cannot_be_read_is_explained(
    admin: FlaskClient, words: str, said: str
) -> None:
    """With what was typed still there, to be mended."""
    answer = admin.get(f"{PREFIX}/?q={quote(words)}")

    assert answer.status_code == 400
    assert "cannot be read" in answer.text
    assert said in answer.text.replace("&#39;", "'")
    assert f'value="{words.replace(chr(34), "&#34;")}"' in answer.text


@pytest.mark.parametrize("address", ["/?sort=colour", "/?after=nonsense"])
def test_a_broken_address_is_refused(admin: FlaskClient, address: str) -> None:
    """What is no order and no page is said so."""
    answer = admin.get(PREFIX + address)

    assert answer.status_code == 400
    assert "allowed:" in answer.text


def test_pages_follow_each_other(
    admin: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """25 groups a page, each once, to the last one and back to the first."""
    for number in range(30):
        feed_error(record(group=f"{number:016x}"))

    first = admin.get(f"{PREFIX}/?sort=first_seen").text
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = admin.get(following[1].replace("&amp;", "&")).text

    assert len(_shown(first)) == 25
    assert sorted(_shown(first) + _shown(second)) == list(range(1, 31))
    assert "First page" in second
    assert 'rel="next"' not in second


def test_what_was_done_leaves_the_usual_list(
    admin: FlaskClient, store: Store, feed_error: FeedError, record: MakeRecord
) -> None:
    """It begins with what is open; the states are one click away, with the search kept."""
    feed_error(record())
    store.resolve([1], by="ada")

    usual = admin.get(f"{PREFIX}/?q=is:open+KeyError").text
    link = re.search(r'href="([^"]+)"[^>]*>Resolved<', usual)
    assert link is not None
    resolved = admin.get(link[1].replace("&amp;", "&")).text

    assert _shown(admin.get(f"{PREFIX}/").text) == []
    assert _shown(usual) == []
    assert _shown(resolved) == [1]
    assert 'value="is:resolved KeyError"' in resolved


def test_an_id_in_the_search_leads_to_its_error(
    admin: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Whatever stands around it, such as the answer that somebody got."""
    error_id = feed_error(record()).id

    answer = admin.get(
        f"{PREFIX}/", query_string={"q": f'{{"id": "{error_id.upper()}"}}'}
    )

    assert answer.headers["Location"] == f"{PREFIX}/errors/{error_id}"


def test_rows_say_whose_and_in_which_state_groups_are(
    admin: FlaskClient, store: Store, feed_error: FeedError, record: MakeRecord
) -> None:
    """Assigned to, muted until, so many more, resolved in which release."""
    for number in range(1, 4):
        feed_error(record(group=f"{number:016x}"))
    store.assign([1], "ada", by="ada")
    store.mute([2], by="ada", more=7)
    store.resolve([3], by="ada")

    html = admin.get(f"{PREFIX}/?q=").text

    assert "for ada" in html
    assert "muted, 7 more" in html
    assert "resolved in 1.2.0" in html


@pytest.mark.usefixtures("three")
def test_nothing_new_costs_a_304(
    admin: FlaskClient, feed_error: FeedError, record: MakeRecord, clock: ManualClock
) -> None:
    """A look without change is empty; after an error it has the rows, and the next hour."""
    page = admin.get(f"{PREFIX}/").text
    found = re.search(r'data-updates="([^"]+)" data-etag="([^"]+)"', page)
    assert found is not None
    address, etag = (
        part.replace("&amp;", "&").replace("&#34;", '"') for part in found.groups()
    )

    same = admin.get(address, headers={"If-None-Match": etag})
    feed_error(record(group="00000000000000dd"))
    changed = admin.get(address, headers={"If-None-Match": etag})
    again = admin.get(address, headers={"If-None-Match": changed.headers["ETag"]})
    clock.advance(3600)
    later = admin.get(address, headers={"If-None-Match": changed.headers["ETag"]})

    assert [same.status_code, same.data] == [304, b""]
    assert changed.status_code == 200
    assert _shown(changed.text) == [4, 3, 2, 1]
    assert "<html" not in changed.text
    assert again.status_code == 304
    assert later.status_code == 200


def test_a_look_does_not_wait_for_the_spool(
    admin: FlaskClient, three: None, store: Store
) -> None:
    """What a person does shows at the next look, too."""
    before = admin.get(f"{PREFIX}/updates").headers["ETag"]

    store.resolve([1], by="ada")
    after = admin.get(f"{PREFIX}/updates", headers={"If-None-Match": before})

    assert after.status_code == 200
    assert _shown(after.text) == [3, 2]


@pytest.mark.parametrize(
    ("words", "state", "changed"),
    [
        ("is:open", "open", "is:muted"),
        ("", "", "is:muted"),
        ('is:open "is: not" type:X', "open", 'is:muted "is: not" type:X'),
        ('text "open', "", 'is:muted text " open'),
    ],
)
def test_a_state_is_exchanged_and_nothing_else(
    words: str, state: str, changed: str
) -> None:
    """The tabs change one word of a search, however the others are written."""
    search = read_search(
        MultiDict({"q": words}),
        now=datetime(2027, 1, 15, tzinfo=UTC),
        usual="",
        limit=1,
    )

    assert search.state == state
    assert search.with_state("muted") == changed

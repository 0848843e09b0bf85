"""The search language: what words mean, and what is said of those that mean nothing."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from failwell.store import GroupQuery, Store, parse_search

if TYPE_CHECKING:
    from tests.store.conftest import Feed

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        ("  timeout \t pay ", {"words": ("timeout", "pay")}),
        ('"two words" a\\b', {"words": ("two words", "a\\b")}),
        (r'"say \"no\" \\ here"', {"words": ('say "no" \\ here',)}),
        ('"shop:buy" -x', {"words": ("shop:buy",), "without": ({"text": "x"},)}),
        ("code:A type:shop.E", {"code": "A", "type": "shop.E"}),
        ('route:"/a b" user:ada', {"route": "/a b", "user": "ada"}),
        ("release:1.0 environment:p", {"release": "1.0", "environment": "p"}),
        ("app:stock", {"application": "stock"}),
        ("app:*", {"application": None}),
        ("assigned:none", {"assigned": "none"}),
        ("is:muted", {"state": "muted"}),
        ("is:regressed", {"state": "open", "regressed": True}),
        (
            "-is:regressed -code:A -code:B",
            {
                "without": (
                    {"state": "open", "regressed": True},
                    {"code": "A"},
                    {"code": "B"},
                )
            },
        ),
        ("seen:<7d", {"since": NOW - 7 * DAY}),
        ("seen:>2w", {"until": NOW - 14 * DAY}),
        ("seen:>2026-11-01", {"since": datetime(2026, 11, 1, tzinfo=UTC)}),
        ("seen:<2026-11-01T06:00", {"until": datetime(2026, 11, 1, 6, tzinfo=UTC)}),
        (
            "seen:2026-11-01",
            {
                "since": datetime(2026, 11, 1, tzinfo=UTC),
                "until": datetime(2026, 11, 2, tzinfo=UTC),
            },
        ),
    ],
)
def test_words_mean_a_query(text: str, wanted: dict[str, Any]) -> None:
    """Each its field of `GroupQuery`."""
    without = tuple(GroupQuery(**fields) for fields in wanted.pop("without", ()))
    fields = {"application": "shop", "without": without, **wanted}

    assert parse_search(text, now=NOW, application="shop") == GroupQuery(**fields)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shop:buy", "'shop:buy': nothing is called 'shop'; allowed: code: type:"),
        ("shop:buy", 'or "shop:buy" for the text'),
        ("code:", "'code:': nothing follows"),
        ('code:""', "nothing follows"),
        ("-", "'-': nothing follows"),
        ("is:closed", "'is:closed': allowed: is:open, is:resolved, is:muted"),
        ('a code:"b c', "a quotation mark without its partner"),
        ("code:A code:B", "'code:B': the same is asked for twice"),
        ("is:open is:regressed", "twice"),
        ("seen:7d", "allowed: a day, or < or > and 2026-11-01"),
        ("seen:>soon", "'soon' is no time; allowed: 2026-11-01"),
        ("seen:<999999w", "is no time"),
        ("seen:9999-12-31", "is no time"),
        ("seen:>2026-11-02 seen:<2026-11-01", "is after until"),
        ("x" * 2001, "a search of 2,001 characters; allowed: 2,000"),
        ("x " * 51, "a search of 51 words; allowed: 50"),
    ],
)
def test_a_word_without_a_meaning_is_named(text: str, said: str) -> None:
    """With what is wrong and what is allowed."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_search(text, now=NOW)


@given(st.text(max_size=200))
def test_any_text_is_a_search_or_refused_with_a_sentence(text: str) -> None:
    """Nothing that anybody can type does anything else."""
    with suppress(ValueError):
        assert isinstance(parse_search(text, now=NOW), GroupQuery)


@given(st.text(min_size=1, max_size=50))
def test_every_text_can_be_looked_for_in_quotation_marks(text: str) -> None:
    """With backslashes in front of quotation marks and backslashes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')

    assert parse_search(f'"{escaped}"', now=NOW).words == (text,)
    assert parse_search(f'code:"{escaped}"', now=NOW).code == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("outof", "a"),
        ("outof SHOP", "a"),
        ("outof nowhere", ""),
        ("-outof", "b"),
        ("code:B", "b"),
        ("-code:B", "a"),
        ("-route:/buy", "b"),
        ("route:/buy user:ada", "a"),
        ("-user:ada", "b"),
        ("-release:2.0", "a"),
        ("is:resolved", "b"),
        ("-is:resolved", "a"),
        ("assigned:ada", "a"),
        ("-assigned:ada", "b"),
        ("assigned:none", "b"),
        ("-assigned:none", "a"),
        ("app:nothing", ""),
        ("-app:shop", ""),
        ("seen:<1h", "ba"),
        ("-seen:<1h", ""),
    ],
)
def test_groups_are_found_by_words(
    each_store: Store, feed: "Feed", text: str, wanted: str
) -> None:
    """What holds for a group and what does not, in either database."""
    feed.count(hash="a", release="1.0")
    feed.keep(1, group="a", request={"route": "/buy"}, user_id="ada", release="1.0")
    feed.count(hash="b", code="B", type="shop.Other", release="2.0", message="")
    feed.move(each_store)
    ids = {group.hash: group.id for group in each_store.groups()}
    each_store.resolve([ids["b"]], by="eve")
    each_store.assign([ids["a"]], "ada", by="eve")
    now = datetime.fromtimestamp(feed.clock.now(), UTC)

    found = each_store.groups(parse_search(text, now=now))

    assert {group.hash for group in found} == set(wanted)

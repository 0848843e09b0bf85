"""Details of any kind as strict JSON."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
from collections import deque
from types import MappingProxyType
from typing import Any, Never

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from failwell.responses._rendering._json import strict_json


class Colour(enum.Enum):
    """An enumeration whose second value is no JSON."""

    RED = "red"
    ODD = object()


class Silent:
    """Says nothing, loudly."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError("secret")

    __repr__ = __str__


class Spoken:
    """Has a text of its own."""

    def __str__(self) -> str:
        """Return the text."""
        return "spoken"


class Liar:
    """Lies about its class."""

    @property
    def __class__(self) -> Never:
        """Fail."""
        raise RuntimeError("secret")


class BrokenDict(dict[str, int]):
    """Cannot be read."""

    def __iter__(self) -> Never:
        """Fail."""
        raise RuntimeError("secret")


@dataclasses.dataclass
class Pair:
    """A dataclass."""

    left: Any
    right: Any


def _long_number() -> int:
    return 10**5000


def _refuse(constant: str) -> Never:
    raise AssertionError(constant)


def _read(value: object) -> object:
    return json.loads(strict_json(value), parse_constant=_refuse)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=20,
)
ODD = (
    st.floats()
    | st.integers()
    | st.binary(max_size=20)
    | st.text(st.characters(), max_size=20)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals()
    | st.uuids()
    | st.complex_numbers()
    | st.sets(st.integers())
    | st.sampled_from(
        [
            Colour.RED,
            Colour.ODD,
            object(),
            ValueError("secret"),
            Markup("<b>"),
            deque([1]),
            range(3),
            MappingProxyType({"a": 1}),
            (n for n in range(3)),
            Silent,
        ]
    )
    # Made late: Hypothesis prints its strategies, which these objects do not allow.
    | st.sampled_from([Silent, Spoken, BrokenDict, _long_number]).map(
        lambda make: make()
    )
)
KEYS = st.text(max_size=5) | st.integers() | st.none() | st.booleans() | st.floats()
ANYTHING = st.recursive(
    PLAIN | ODD,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=5)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_anything_becomes_strict_json(value: object) -> None:
    """No value raises, and what comes out is JSON without NaN."""
    _read(value)


@given(PLAIN)
def test_json_comes_back_as_it_was(value: object) -> None:
    """What is JSON already is not touched."""
    assert _read(value) == json.loads(json.dumps(value))


@given(PLAIN)
def test_one_odd_value_leaves_the_rest_alone(value: object) -> None:
    """The slow way gives the same as the fast one."""
    assert _read({"odd": object(), "rest": value}) == {
        "odd": None,
        "rest": json.loads(json.dumps(value)),
    }


@pytest.mark.parametrize("odd", [None, object()])
def test_known_types_look_the_same_both_ways(odd: object) -> None:
    """Whether something odd stands beside them changes nothing for the others."""
    value = {
        "odd": odd,
        "date": dt.date(2026, 1, 2),
        "moment": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
        "price": decimal.Decimal("1.50"),
        "id": uuid.UUID(int=5),
        "bytes": b"ab",
        "set": {1},
        "colour": Colour.RED,
        "pair": Pair(1, "x"),
        "nan": float("nan"),
    }

    assert _read(value) == {
        "odd": None,
        "date": "2026-01-02",
        "moment": "2026-01-02T03:04:00Z",
        "price": "1.50",
        "id": "00000000-0000-0000-0000-000000000005",
        "bytes": "YWI=",
        "set": [1],
        "colour": "red",
        "pair": {"left": 1, "right": "x"},
        "nan": None,
    }


def test_only_an_objects_own_text_is_sent() -> None:
    """The default text names class and address; an exception's may hold SQL."""
    value = [Spoken(), object(), ValueError("secret"), Silent(), Liar(), Markup("<b>")]

    assert _read(value) == ["spoken", None, None, None, None, "<b>"]


def test_keys_that_are_no_text_become_text() -> None:
    """JSON knows only text as keys."""
    assert _read({None: 1, True: 2, 3: 4, (5, 6): 7}) == {
        "null": 1,
        "true": 2,
        "3": 4,
        "\u2026": 7,
    }


def test_a_cycle_is_cut() -> None:
    """Nothing runs for ever, not even where every level branches."""
    cycle: list[Any] = []
    cycle.extend([cycle, cycle, cycle])

    assert len(strict_json({"cycle": cycle})) < 1_000_000


def test_a_deep_nesting_is_cut_and_marked() -> None:
    """A nesting deeper than Python's stack loses its depth, not the answer."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert b"\xe2\x80\xa6" in strict_json({"deep": deep})


@pytest.mark.parametrize(
    "huge", ["x" * 5_000_000, ["x" * 1000] * 5_000, list(range(1_000_000))]
)
def test_a_huge_value_is_cut(huge: object) -> None:
    """An answer never grows beyond a megabyte."""
    body = strict_json({"first": 1, "huge": huge})

    assert len(body) < 1_000_000
    assert json.loads(body)["first"] == 1


def test_a_lone_surrogate_is_replaced() -> None:
    """It has no UTF-8; the rest of the text stays."""
    assert _read({"\ud800a": "b\ud800"}) == {"?a": "b?"}

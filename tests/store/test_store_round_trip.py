"""What is recorded is what is read back, on both databases."""

import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written import written

from failwell.records import (
    Breadcrumb,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    RequestInfo,
)
from failwell.spool._memory_unit import MemoryUnit
from failwell.store import Store

if TYPE_CHECKING:
    from tests.store.conftest import Feed

_numbers = itertools.count(1)
# A lone surrogate cannot be written: the recorder has replaced it.
_text = st.text(st.characters(codec="utf-8"), max_size=20)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3)
    ),
    max_leaves=10,
)
_frames = st.lists(
    st.builds(
        Frame,
        module=_text,
        function=_text,
        # No file that exists: its lines would be added.
        file=_text.map("/nowhere/{}".format),
        line=st.integers(0, 10**6),
        in_app=st.booleans(),
    ),
    max_size=4,
).map(tuple)
_exceptions = st.lists(
    st.builds(
        ExceptionInfo,
        type=_text,
        message=_text,
        omitted_frames=st.integers(0, 9),
        relation=st.sampled_from(["", "cause", "context", "member"]),
        parent=st.integers(-1, 3),
        notes=st.lists(_text, max_size=2).map(tuple),
        variables=st.dictionaries(
            st.integers(0, 3), st.dictionaries(_text, _json, max_size=2), max_size=2
        ),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
_records = st.builds(
    ErrorRecord,
    id=st.just("replaced"),
    group=st.sampled_from(["a" * 16, "b" * 16]),
    timestamp=st.integers(0, 4 * 10**15).map(lambda at: at / 1e6),
    application=_text,
    environment=_text,
    release=_text,
    code=_text,
    exceptions=_exceptions,
    request=st.none()
    | st.builds(
        RequestInfo,
        method=_text,
        route=_text,
        headers=st.dictionaries(_text, _text, max_size=3),
        content_length=st.none() | st.integers(0, 2**40),
        body=_json,
        data=_json,
    ),
    request_id=st.none() | _text,
    user_id=st.none() | _text,
    explicit=st.booleans(),
    level=st.sampled_from(["info", "warning", "error", "critical"]),
    origin=_text,
    tags=st.dictionaries(_text, _text, max_size=4),
    context=st.dictionaries(_text, _json, max_size=3),
    breadcrumbs=st.lists(
        st.builds(
            Breadcrumb,
            timestamp=st.floats(0, 4e9),
            category=_text,
            message=_text,
            data=_json,
        ),
        max_size=2,
    ).map(tuple),
)


@pytest.fixture
def store(each_store: Store) -> Store:
    """Every test of this module runs on both databases."""
    return each_store


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(recorded=_records, frames=st.lists(_frames, min_size=3, max_size=3))
def test_what_is_recorded_is_what_is_read_back(
    store: Store,
    feed: "Feed",
    recorded: ErrorRecord,
    frames: list[tuple[Frame, ...]],
) -> None:
    """Any record, with its stacks apart as the recorder keeps them."""
    number = next(_numbers)
    unit = MemoryUnit(f"unit-{number}", 100)
    whole = [
        msgspec.structs.replace(info, frames=own)
        for info, own in zip(recorded.exceptions, frames, strict=False)
    ]
    expected = msgspec.structs.replace(
        recorded, exceptions=tuple(whole), id=f"{recorded.group}-{number:016x}"
    )
    unit.append(*written(expected))

    moved = store.ingest(unit.id, unit.frames(), unit.counters(), finished=True)
    found = store.find(expected.id)

    assert moved == (1, 0, 0)
    assert found is not None
    assert msgspec.to_builtins(found[1]) == msgspec.to_builtins(expected)

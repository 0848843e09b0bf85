"""One record is one line, whatever is in it, and no log call fails."""

import logging
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import NoReturn

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st

from failwell.logs._capture import capture
from failwell.logs._format import make_formatter

Make = Callable[..., Flask]
TEXT = make_formatter("text")
JSON = make_formatter("json")
DANGEROUS = "\r\n\x0b\x1c\x1b\x85\x9b\u2028\u2029\u202e\u2066\ud800"
ANY_TEXT = st.lists(st.text() | st.sampled_from(DANGEROUS)).map("".join)


class Unspeakable:
    """An object whose every text raises."""

    def __str__(self) -> NoReturn:
        raise RuntimeError("no")

    __repr__ = __str__


def _record(message: object, *args: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("shop").makeRecord(
        "shop", logging.INFO, "/app/shop.py", 7, message, args, None, extra=extra
    )


@settings(deadline=None)
@given(message=ANY_TEXT, argument=ANY_TEXT, field=ANY_TEXT, name=ANY_TEXT)
@example("x\n2026-01-01T00:00:00.000Z ERROR root: forged", "", "\r\n", "\x1b[2J")
def test_one_record_is_one_line(
    message: str, argument: str, field: str, name: str
) -> None:
    """Any message, argument, field, logger or path gives exactly one line."""
    record = _record("%s %s", message, argument, request_id=name)
    record.name = record.pathname = name
    record.field = field

    for form in (TEXT, JSON):
        line = form.format(capture(record))

        assert len(line.splitlines()) == 1
        assert not set(line) & set(DANGEROUS)
        assert line.encode()


@settings(deadline=None)
@given(message=ANY_TEXT)
def test_a_traceback_cannot_be_forged(message: str) -> None:
    """Every further line of a record is marked where a record has its level."""
    try:
        raise ValueError(message)
    except ValueError as error:
        record = _record("failed", request_id="request-1")
        record.exc_info = (ValueError, error, error.__traceback__)

    first, *more = TEXT.format(capture(record)).splitlines()

    time = first.split(" ", 1)[0]
    assert first.endswith("[in /app/shop.py:7] request-1")
    assert all(line.startswith(f"{time} | ") for line in more)
    assert all(line.endswith(" request-1") for line in more)
    assert more[0] == f"{time} | Traceback (most recent call last): request-1"
    assert len(more) == 4


def test_a_chain_reads_like_the_interpreters() -> None:
    """Causes first, the raised error last, each introduced."""
    try:
        try:
            {}["key"]
        except KeyError as cause:
            raise ValueError("wrong") from cause
    except ValueError as error:
        record = _record("failed")
        record.exc_info = (ValueError, error, error.__traceback__)

    text = TEXT.format(capture(record))

    places = [
        text.index(part)
        for part in ("KeyError: 'key'", "direct cause", "ValueError: wrong")
    ]
    assert places == sorted(places)
    assert '{}["key"]' in text


def test_endless_and_wide_chains_are_bounded() -> None:
    """A circle of causes, a group and a deep stack end, and say what is left out."""

    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        raise ExceptionGroup("many", [ValueError(str(n)) for n in range(1000)])

    try:
        deep(300)
    except ExceptionGroup as error:
        error.__cause__ = circle = KeyError("circle")
        circle.__context__ = error
        record = _record("failed")
        record.exc_info = (type(error), error, error.__traceback__)

    text = TEXT.format(capture(record))

    assert "… 202 more frames" in text
    assert text.count("\n") < 300


def test_a_huge_message_is_cut_and_says_so() -> None:
    """A megabyte becomes 16 KiB with its true length behind it."""
    line = TEXT.format(capture(_record("%s", "x" * 1_000_000)))

    assert len(line) < 20_000
    assert "… (1000000 characters)" in line


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (_record("%d rooms", "no"), "%d rooms (its arguments do not fit: TypeError)"),
        (_record("%s", Unspeakable()), "%s (its arguments do not fit: RuntimeError)"),
        (_record(Unspeakable()), "(Unspeakable without text: RuntimeError)"),
        (_record("x", who=Unspeakable()), "without text: RuntimeError"),
        (_record("x", n=10**5000), "n="),
    ],
)
def test_what_cannot_be_shown_is_named(record: logging.LogRecord, shown: str) -> None:
    """Wrong arguments and hostile objects still give their line."""
    assert shown in TEXT.format(capture(record))
    assert JSON.format(capture(record))


def test_arguments_are_taken_as_they_are_now(make_app: Make, lines: Callable) -> None:
    """What the caller changes after the call does not change the line."""
    app = make_app()
    basket = ["bread"]
    holder = SimpleNamespace(basket=basket)

    app.logger.info("sold %s", basket, extra={"holder": holder})
    basket.clear()

    assert re.search(r"sold \['bread'\] .*basket=\['bread'\]", lines()[-1])

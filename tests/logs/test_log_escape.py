"""What could forge a line or move a terminal is shown instead."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.logs import escape
from failwell.logs._escape import escape_json

DANGEROUS = "\r\n\t\x00\x0b\x1b\x7f\x85\x9b\u061c\u200f\u2028\u2029\u202e\u2066\ud800"
ANY_TEXT = st.lists(st.text() | st.sampled_from(DANGEROUS)).map("".join)


@settings(deadline=None)
@given(ANY_TEXT)
def test_escaped_text_is_one_harmless_line(text: str) -> None:
    """No control, separator or surrogate is left, and escaping again changes nothing."""
    shown = escape(text)

    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Zl", "Zp", "Cs"}
    assert not set(shown) & set(DANGEROUS)
    assert escape(shown) == shown


@settings(deadline=None)
@given(st.recursive(st.text() | st.integers(), st.lists))
def test_escaped_json_means_the_same(value: object) -> None:
    """The document parses to what it was made from, and is one line."""
    document = escape_json(json.dumps(value, ensure_ascii=False))

    assert json.loads(document) == value
    assert len(document.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb", r"a\r\nb"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b2J", r"\x9b2J"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
        (r"C:\new größe", r"C:\new größe"),
    ],
)
def test_dangerous_characters_are_named(text: str, shown: str) -> None:
    """Each appears as the escape that people know; ordinary text stays as it is."""
    assert escape(text) == shown


def test_nothing_printable_is_unsafe() -> None:
    """So that a printable text can be taken as it is: tried for every character."""
    unsafe = [chr(code) for code in range(0x110000) if escape(chr(code)) != chr(code)]

    assert len(unsafe) > 2000
    assert not any(character.isprintable() for character in unsafe)

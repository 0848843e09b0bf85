"""How values become text."""

from datetime import UTC, datetime, timedelta

import pytest

from failwell.console._theme import ago, first_line, make_theme, pretty_json, visible

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (0.4, "just now"),
        (1, "1 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (2 * 86400 - 1, "47 h ago"),
        (2 * 86400, "2 d ago"),
        (60 * 86400 - 1, "59 d ago"),
        (60 * 86400, "2026-11-16"),
    ],
)
def test_ago_uses_the_largest_unit_that_fits(seconds: float, said: str) -> None:
    """Every age has a short name, and a clock that is ahead does no harm."""
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_invisible_characters_are_spelled_out() -> None:
    """What would be read but not seen, or seen elsewhere, is written as an escape."""
    shown = visible("a\x1b[0m\u202eb\u2028\x9b\0\ud800\n\té")

    assert shown == "a\\x1b[0m\\u202eb\\u2028\\x9b\\x00\\ud800\n\té"


def test_templates_escape_by_themselves() -> None:
    """No template can forget to escape a value."""
    page = make_theme().from_string("{{ text }}").render(text="<b>&'\"\x1b")

    assert page == "&lt;b&gt;&amp;&#39;&#34;\\x1b"


def test_the_first_line_is_one_that_says_something() -> None:
    """Blank lines at the beginning of a message are passed over."""
    assert first_line("\n  \nhere\nthere") == "here"
    assert first_line("") == ""


def test_data_is_indented_json() -> None:
    """What an application gives is shown as JSON."""
    assert pretty_json({"a": [1, None]}) == '{\n  "a": [\n    1,\n    null\n  ]\n}'

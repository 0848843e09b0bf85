"""What an application adds to the secrets: names and patterns, for the whole process."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failwell._settings import SettingsError, read_settings
from failwell.records import redact
from failwell.records._secrets import seek_secrets

# Of no other test's text: what is added stays added.
NAME = "zorbl id"
PATTERN = r"/\bZRB-\d{4}\b/"


@pytest.fixture(scope="module", autouse=True)
def sought() -> None:
    """Let them be looked for."""
    seek_secrets([NAME, PATTERN, "/qx[a-z]*y/", "/(?P<key>zwk+)(z)?/"])


def settings_with(value: object) -> tuple[str, ...]:
    """Return what the setting is read as."""
    config = {"FAILWELL_RECORDS_SECRETS": value}
    settings = read_settings(config, import_name="a", instance_path="i", environ={})
    return settings.records_secrets


@pytest.mark.parametrize("name", ["zorbl_id", "ZorblId", "X-Zorbl-Id", "zorblid2"])
def test_names_of_the_application_are_hidden(name: str) -> None:
    """In any spelling, as a key, in text and in a query."""
    assert redact({name: "v"}) == {name: "[redacted]"}
    assert redact(f"{name}=v&n=1") == f"{name}=[redacted]&n=1"


def test_patterns_of_the_application_are_hidden() -> None:
    """Wherever they stand, groups of their own or not."""
    assert redact("got ZRB-1234, not ZRB-12345") == "got [redacted], not ZRB-12345"
    assert redact(["a qxabcy b", "zwkkz!"]) == ["a [redacted] b", "[redacted]!"]


@given(
    st.lists(
        st.sampled_from(
            [
                "ZRB-1234",
                "qx",
                "y",
                "zwk",
                " ",
                "redacted",
                "[redacted]",
                "]",
                "[",
                "a",
                "zorbl_id=",
                "password=",
                "x" * 900,
            ]
        )
    ).map("".join)
)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """Also where a pattern could match the mark itself."""
    once = redact(text)

    assert redact(once) == once


def test_a_pattern_that_matches_the_mark_does_not_eat_it() -> None:
    """`[a-z]+` finds the word in the mark."""
    program = (
        "from failwell.records import redact\n"
        "from failwell.records._secrets import seek_secrets\n"
        "seek_secrets(['/[a-z]+/'])\n"
        "once = redact('abc 1 password=2')\n"
        "print(once)\n"
        "assert redact(once) == once, redact(once)\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert run.stderr == ""
    assert run.stdout == "[redacted] 1 [redacted]=[redacted]\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("tax_id, plate", ("tax_id", "plate")),
        (["tax id", r"/\d{3},\d{4}/"], ("tax id", r"/\d{3},\d{4}/")),
        ((), ()),
        ("", ()),
    ],
)
def test_the_setting_is_a_list_or_text(
    value: object, expected: tuple[str, ...]
) -> None:
    """The environment has texts alone."""
    assert settings_with(value) == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["/(/"], r"'/\(/', which is no pattern of re2: missing \): \("),
        ([r"/(?=a)/"], "no pattern of re2"),
        (["/a*/"], "matches the empty text"),
        (["a|b"], "allowed: names such as tax_id and patterns in slashes"),
        ([5], "holds 5; allowed"),
        (5, "is a int; allowed"),
        (["x"], "holds 'x'; allowed"),
    ],
)
def test_a_bad_pattern_stops_the_start(
    value: object, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a sentence that says what is wrong, and no noise of the library's."""
    with pytest.raises(SettingsError, match=said) as caught:
        settings_with(value)

    assert "FAILWELL_RECORDS_SECRETS" in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 56_000,
        "secret=" * 8000,
        "password=" + '"' * 50_000,
        "token: " + "[(" * 25_000,
        "-----BEGIN PRIVATE KEY-----" * 2000,
        "4" * 50_000,
        "eyJ" * 20_000,
        "://" * 20_000,
        "[redacted]qx" * 5000,
    ],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    """Where a backtracking pattern would take seconds or years."""
    redact("warm")
    begun = time.thread_time()

    redact(text)

    assert time.thread_time() - begun < 0.5

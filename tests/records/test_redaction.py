"""No secret stays in what is kept, whatever the value, and nothing grows without limit."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from failwell.records import redact

CANARY = "hunter2-c4n4ry"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEc4n4ry\n-----END RSA PRIVATE KEY-----"


class Login(NamedTuple):
    """A named tuple."""

    user: str
    password: object


@dataclass
class Account:
    """A dataclass."""

    password: str


words = st.sampled_from(
    [
        *("password", "token", "Cookie", "Authorization", "pin", "api_key", "session"),
        *("bearer ", "basic ", "=", ":", "%3D", '"', "'", "\\", " ", "&", ",", ";"),
        *("[", "]", "{", "}", "(", ")", "<", ">", "\n", "\0", "\ud800", "…", "_", "-"),
        *("https://", "@", "a", "b'", "4111 1111 1111 1111", "4111111111111111", JWT),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "[parameters: "),
        *("sk_live_abcdefghijklmnop", "x" * 300, " y" * 700),
    ]
)
texts = st.lists(words, max_size=12).map("".join) | st.text()
names = st.sampled_from(["name", "key", "value", "password", "n"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(texts | names, inner, max_size=5)
        | st.tuples(texts | names, inner)
        | st.builds(Login, texts, inner)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(values)
@example("password=a " * 400)
@example("x" * 1995 + "password=" + "y" * 500)
@example(list(range(60)))
@example("PASS$4111 1111 1111 1111=0")
def test_redacting_twice_is_redacting_once(value: object) -> None:
    """What was redacted is left as it is, and is JSON."""
    once = redact(value)

    assert redact(once) == once
    assert json.loads(json.dumps(once, allow_nan=False)) == once
    json.dumps(once, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "PASSWORD",
            "userPassword",
            "pass-word",
            "passwd",
            "pwd",
            "db_pwd",
        ),
        *("api key", "X-Api-Key", "apiKey", "secret", "client_secret", "accessToken"),
        *("authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "sessionid"),
        *("credentials", "private_key", "privateKey", "cardNumber", "credit-card"),
        *("cvv", "cvc2", "ssn", "userSSN", "pin", "otp", "csrf_token", "passphrase"),
        *(
            "otpCode",
            "authCode",
            "PinCode",
            "PINCode",
            "userPin",
            "pw",
            "userPw",
            "psk",
        ),
    ],
)
def test_what_stands_under_a_secret_name_is_hidden(name: str) -> None:
    """In any depth of mappings and sequences, whatever stands there."""
    value = {"form": [{"user": ({name: CANARY}, {name: {"deep": [CANARY]}})}]}

    redacted = redact(value)

    assert CANARY not in str(redacted)
    assert redacted["form"][0]["user"][0] == {name: "[redacted]"}


@pytest.mark.parametrize(
    "value",
    [
        Login("bob", CANARY),
        ("X-Api-Key", CANARY),
        [["password", CANARY], ["a", "b"]],
        {"name": "password", "value": CANARY},
        {"value": [CANARY], "key": "Authorization"},
        {b"authorization": CANARY},
        [(b"authorization", CANARY)],
        {"a": ({"session": {CANARY: CANARY}},)},
        Account(CANARY),
        {"proxy": MappingProxyType({"password": CANARY})},
        SimpleNamespace(password=CANARY),
        MultiDict([("token", CANARY), ("token", CANARY)]),
    ],
)
def test_secrets_in_every_container_are_hidden(value: object) -> None:
    """Named tuples, pairs, names beside values, bytes as keys; objects are opaque."""
    redacted = redact([value])

    assert CANARY not in str(redacted)
    assert redact(redacted) == redacted


def test_pairs_and_rows_that_are_no_secret_stay() -> None:
    """Two texts are no secret for being two, and values keep their names."""
    value = [["bob", "ann"], {"name": "colour", "value": "red"}, ["pin-board", "x"]]

    assert redact(value)[:2] == value[:2]


@pytest.mark.parametrize(
    "name",
    [
        *("mapping", "className", "author", "discard", "title", "start_time", "spin"),
        *("authorName", "Author", "panel", "PANEL", "pinned", "PINNED", "power"),
    ],
)
def test_ordinary_names_keep_their_values(name: str) -> None:
    """A name that merely contains a short word is no secret's."""
    assert redact({name: "value"}) == {name: "value"}
    assert redact(f"{name}: value") == f"{name}: value"


@pytest.mark.parametrize(
    "text",
    [
        f"password={CANARY}",
        f"Password : {CANARY}",
        f"login with password={CANARY}&next=/",
        f"user[password]={CANARY}",
        f"next=%2Flogin%3Ftoken%3D{CANARY}",
        f'{{"password": "{CANARY} and more"}}',
        f'{{\\"password\\": \\"{CANARY}\\"}}',
        f"{{'api_key': '{CANARY}', 'x': 1}}",
        f"Settings(secret_key=SecretStr('{CANARY}'))",
        f"token=b'{CANARY}'",
        f"token: secret: {CANARY}",
        f"otpCode={CANARY} of userPin={CANARY}",
        f"<password>{CANARY}</password>",
        f"Authorization: Bearer {CANARY}",
        f"sent Bearer {CANARY} to them",
        f"Authorization: Digest username=x, response={CANARY}",
        f'Cookie: a="1"; b={CANARY}',
        f"postgresql://bob:{CANARY}@db/x",
        f"postgresql://bob:p@{CANARY}@db/x",
        f"https://{CANARY}@example.com/",
        f"(psycopg.Error) x\n[SQL: SELECT ?]\n[parameters: ('bob', '{CANARY}')]",
        f"DETAIL:  Failing row contains (1, {CANARY}, null).",
        f"sk_live_{CANARY}abcdef",
    ],
)
def test_secrets_inside_a_text_are_hidden(text: str) -> None:
    """Pairs, JSON, headers, URLs and rows, as they stand in messages."""
    assert CANARY not in redact(text)
    assert "c4n4ry" not in redact(text)


def test_values_that_look_like_secrets_are_hidden() -> None:
    """Web tokens, private keys and card numbers need no name."""
    assert redact(f"got {JWT} instead") == "got [redacted] instead"
    assert redact(f"key {KEY} end") == "key [redacted] end"
    assert redact("card 4111 1111 1111 1111 refused") == "card [redacted] refused"
    assert redact({"number": 4111111111111111}) == {"number": "[redacted]"}


def test_numbers_that_are_no_card_stay() -> None:
    """The digits of a card add up; times and ids seldom do."""
    assert redact(4111111111111112) == 4111111111111112
    assert redact("at 1732384935123 of 4111-1111-1111-1112") == (
        "at 1732384935123 of 4111-1111-1111-1112"
    )


def test_a_secret_across_the_cut_is_hidden() -> None:
    """What begins before the end of a long text and goes on behind it leaves no part."""
    text = "x" * 1990 + f" postgresql://bob:{CANARY}{'y' * 60}@db/x"

    assert "hunter2" not in redact(text)


def test_known_values_become_text() -> None:
    """Dates, decimals and uuids keep their value; others only the name of their type."""
    moment = datetime(2026, 11, 23, tzinfo=UTC)

    assert redact([moment, Decimal("1.50"), UUID(int=5), b"bytes", object()]) == [
        "2026-11-23 00:00:00+00:00",
        "1.50",
        "00000000-0000-0000-0000-000000000005",
        "<bytes>",
        "<object>",
    ]


def test_what_json_cannot_say_becomes_text() -> None:
    """NaN, infinity, huge integers, NUL and lone surrogates are encodable."""
    assert redact([math.nan, -math.inf]) == ["nan", "-inf"]
    assert redact(2**70) == str(2**70)
    assert redact(10**5000) == "<int>"
    assert redact("a\0b\ud800c") == "a\\x00b\\ud800c"


class Hostile(dict[str, str], Mapping[str, str]):
    """A mapping whose every own method fails."""

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def items(self) -> NoReturn:  # type: ignore[override]
        """Fail."""
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError


class Unrepresentable:
    """An object that fails whatever is asked of it."""

    def __repr__(self) -> str:
        raise RuntimeError

    @property
    def __class__(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError


def test_no_code_of_an_unknown_object_runs() -> None:
    """Neither a subclass's methods nor `repr`, nor a proxy's `__class__`."""
    assert redact({"a": Hostile(x="1")}) == {"a": {"x": "1"}}
    assert redact([Unrepresentable()])[0].endswith("Unrepresentable>")


def test_everything_is_bounded() -> None:
    """A million entries, endless depth, endless text and cycles end soon."""
    cycle: list[Any] = []
    cycle.append(cycle)
    wide = {str(n): list(range(1000)) for n in range(1000)}
    big = [{"text": "x" * 1_000_000} for _ in range(100)]

    for value in (cycle, wide, big, "y" * 10_000_000):
        assert len(json.dumps(redact(value))) < 40_000

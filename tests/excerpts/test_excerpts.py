"""Errors as Markdown, as a test and as lines: what is in them, and what never is."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from flask import Flask, request
from hypothesis import given, settings
from markdown_it import MarkdownIt

from failwell.excerpts import (
    as_markdown,
    as_test,
    event_rows,
    group_rows,
    json_lines,
    record_document,
)
from failwell.records import ErrorRecord, ExceptionInfo, Frame, RequestInfo
from failwell.store import GroupSummary

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
HOSTILE = (
    '"""\nimport os  # \u2028\u202e\x00\x1b[2J',
    "'''\\\n#{x}'); raise SystemExit(3) #",
    "```\n</code></pre><script>alert(1)</script>\n~~~ ` `` [x](javascript:alert(1))",
    '=HYPERLINK("http://evil","x")\r\n,"a"',
)


def _record(**facts: Any) -> ErrorRecord:  # noqa: ANN401 - fields of a record
    made = {
        "id": "0123456789abcdef-0000000000000001",
        "group": "0123456789abcdef",
        "timestamp": NOW.timestamp(),
        "application": "shop_of_excerpts",
        "environment": "production",
        "release": "1.2",
        "code": "INTERNAL_ERROR",
        "exceptions": (
            ExceptionInfo(
                "shop.Broken",
                "it broke",
                (Frame("shop", "buy", "/app/shop.py", 7, in_app=True),),
            ),
        ),
        "request": RequestInfo(
            method="POST",
            path="/baskets/ä 7",
            query="a=1&b=two words&c=%&d",
            headers={"User-Agent": "browser", "Host": "example.org"},
            content_type="application/json",
            body={"items": [1, None, True, {"x": "y" * 200}]},
        ),
        "request_id": "r-1",
    }
    return ErrorRecord(**made | facts)


def _group(**facts: Any) -> GroupSummary:  # noqa: ANN401 - fields of a group
    made = {
        **dict.fromkeys(("code", "type", "culprit", "message", "application"), "x"),
        "id": 7,
        "hash": "0",
        "state": "open",
        "state_at": None,
        "count": 1234,
        "users": 5,
        "first_seen": NOW,
        "last_seen": NOW,
    }
    return GroupSummary(**made | facts)


def _hostile(text: str) -> ErrorRecord:
    """Return a record with a text in every field that has one."""
    headers = {text: text, "User-Agent": text, "Referer": text}
    frame = Frame(text, text, text, 1, in_app=True)
    return _record(
        id=text,
        application=text,
        environment=text,
        release=text,
        code=text,
        exceptions=(ExceptionInfo(text, text, (frame,), notes=(text,)),),
        request=RequestInfo(
            **dict.fromkeys(("method", "route", "path", "query", "url"), text),
            content_type=text,
            headers=headers,
            body={text: [text]},
        ),
        request_id=text,
        user_id=text,
        tags={text: text},
    )


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application that can be imported as `shop_of_excerpts`, and fails at first."""
    app = Flask("shop_of_excerpts")
    app.config["MENDED"] = False
    module = ModuleType("shop_of_excerpts")
    module.app = app  # type: ignore[attr-defined] # as a module of an application's
    monkeypatch.setitem(sys.modules, "shop_of_excerpts", module)
    monkeypatch.setitem(sys.modules, "application", module)

    @app.before_request
    def fail() -> str:
        app.config["SEEN"] = (
            *(request.method, request.path, request.args.to_dict()),
            *(dict(request.headers), request.get_data(as_text=True)),
        )
        if not app.config["MENDED"]:
            message = "not mended"
            raise ValueError(message)
        return "well"

    return app


def _run(source: str) -> None:
    """Run the one test of a module."""
    names: dict[str, Any] = {}
    exec(compile(source, "test_of_an_error.py", "exec"), names)  # noqa: S102 - what is tested
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    test()


def test_a_test_fails_until_the_error_is_mended(application: Flask) -> None:
    """It sends the request that was kept: path, query, headers and body."""
    source = as_test(_record())
    assert source is not None

    with pytest.raises(ValueError, match="not mended"):
        _run(source)
    method, path, query, headers, body = application.config["SEEN"]
    application.config["MENDED"] = True
    _run(source)

    assert (method, path) == ("POST", "/baskets/ä 7")
    assert query == {"a": "1", "b": "two words", "c": "%", "d": ""}
    assert headers["User-Agent"] == "browser"
    assert headers["Host"] != "example.org"
    assert json.loads(body) == {"items": [1, None, True, {"x": "y" * 200}]}


@pytest.mark.parametrize(
    ("request_", "sent", "said"),
    [
        ({"body": {"a": ["1", "2"]}, "content_type": "x/form"}, "a=1&a=2", ""),
        ({"body": "{broken", "content_type": "application/json"}, "{broken", ""),
        (
            {"content_length": 9000, "content_type": "image/png"},
            "",
            "# The body was not kept (9000 bytes of 'image/png')",
        ),
        ({"query": "token=[redacted]"}, "", "# What was [redacted] has to be put in"),
    ],
)
def test_a_test_says_what_it_cannot_send(
    application: Flask, request_: dict[str, Any], sent: str, said: str
) -> None:
    """Bodies of forms and broken ones go as they are."""
    if request_.get("content_type") == "x/form":
        request_["content_type"] = "application/x-www-form-urlencoded"
    info = RequestInfo(method="POST", path="/", **request_)
    source = as_test(_record(request=info))
    assert source is not None

    with pytest.raises(ValueError, match="not mended"):
        _run(source)

    assert application.config["SEEN"][4] == sent
    assert said in source


def test_without_a_request_there_is_no_test() -> None:
    """An error of a thread has nothing to be sent again."""
    assert as_test(_record(request=None)) is None
    assert as_test(_record(request=RequestInfo())) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_was_recorded_becomes_code(application: Flask, text: str) -> None:
    """In whatever field it stands: the text runs, fails, and is well once mended."""
    source = as_test(_hostile(text))
    assert source is not None

    with pytest.raises(ValueError, match="not mended"):
        _run(source)
    application.config["MENDED"] = True
    _run(source)

    assert application.config["SEEN"][1].lstrip("/") == text.lstrip("/")


@given(st.text(min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_text_is_a_literal(text: str) -> None:
    """It is compiled, and holds one import, one function and no other statement."""
    source = as_test(_hostile(text))

    assert source is not None
    tree = compile(source, "x", "exec", flags=0x400)  # PyCF_ONLY_AST
    kinds = [type(node).__name__ for node in tree.body]  # type: ignore[attr-defined] # a module
    assert kinds == ["Expr", "ImportFrom", "FunctionDef"]


@pytest.mark.parametrize("text", [*HOSTILE, "``` ```` `", "<b>\n    indented"])
def test_nothing_that_was_recorded_becomes_markup(text: str) -> None:
    """Everything stands in code spans and in one block."""
    group = _group(**dict.fromkeys(("code", "type", "culprit", "message"), text))

    tokens = MarkdownIt().parse(as_markdown(group, _hostile(text)))

    kinds = {token.type for token in _all(tokens)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "em_open"}
    assert [token.type for token in tokens].count("fence") == 1
    outside = [t.content for t in _all(tokens) if t.type == "text"]
    assert not any(text.split("\n", maxsplit=1)[0] in content for content in outside)


def _all(tokens: list[Any]) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


def test_markdown_tells_what_an_issue_needs() -> None:
    """What, where, how often, which request, and the traceback."""
    text = as_markdown(_group(type="shop.Broken", culprit="shop:buy"), _record())

    assert text.startswith("## ` shop.Broken ` in ` shop:buy `\n")
    for fact in (
        "- message: ` it broke `",
        "- request: ` POST /baskets/ä 7?a=1&b=two words&c=%&d `",
        "- header: ` User-Agent: browser `",
        "- seen: 1,234 times, about 5 users, from 2026-11-24 15:00 UTC to",
        'File "/app/shop.py", line 7, in buy',
    ):
        assert fact in text


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_no_cell_begins_as_a_formula(first: str) -> None:
    """A program that opens the file takes it as text, on one line."""
    text = f'{first}cmd("x"),\n2'
    rows: list[tuple[Callable[..., Iterator[str]], Any, str]] = [
        (group_rows, _group(message=text), "message"),
        (event_rows, _hostile(text), "path"),
    ]

    for make, item, name in rows:
        header, row = csv.reader(StringIO("".join(make([item]))))
        assert len(header) == len(row)
        cell = dict(zip(header, row, strict=True))[name]
        assert cell.startswith("'")
        assert cell.isprintable()


def test_numbers_stay_numbers() -> None:
    """A trend below zero is no formula."""
    _, row = csv.reader(group_rows([_group(trend=-5)]))

    assert row[-1] == "-5"
    assert row[0] == "7"


def test_lines_of_json_have_every_field(tmp_path: Path) -> None:
    """One line each, whatever is in it, and a program reads the same."""
    group, record = _group(message=HOSTILE[0]), _hostile(HOSTILE[0])

    first, second = json_lines([group, record])

    assert first.count("\n") == second.count("\n") == 1
    assert "\u2028" not in first
    assert json.loads(first)["message"] == HOSTILE[0]
    read = json.loads(second)
    assert read["request"]["path"] == HOSTILE[0]
    assert read.keys() == record_document(record).keys()
    assert msgspec.json.encode(read)

"""The request in a record: what helps, from what the application has read."""

import dataclasses
import io
import json
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request
from tests.records.conftest import ListSink

from failwell._settings import Settings
from failwell.records import ErrorRecord, Recorder, RequestInfo
from failwell.testing import ManualClock

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def post(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> Callable[..., ErrorRecord]:
    """Post something to a view that does as it is told and fails; return the record."""
    chosen = dataclasses.replace(
        settings, records_headers=("X-Tenant", "X-Api-Key"), records_body=200
    )
    recorder = Recorder(chosen, sink, clock=clock)
    app = Flask("shop")

    def post(
        read: Callable[[], object], path: str = "/orders?page=2", **options: object
    ) -> ErrorRecord:
        with app.test_request_context(path, method="POST", **options):
            read()
            recorder.capture(ValueError("x"))
        assert recorder.dropped == {}
        return sink.records[-1]

    return post


def read_json() -> None:
    """Read the body as a view does."""
    request.get_json()


def read_data() -> None:
    """Read the body as it came."""
    request.get_data()


def info(record: ErrorRecord) -> RequestInfo:
    """Return the request of a record."""
    assert record.request is not None
    return record.request


def test_json_that_was_read_is_kept(post: Callable[..., ErrorRecord]) -> None:
    """Redacted by its names."""
    body = {"n": 1, "card": {"number": 5}, "rows": [{"password": "c4n4ry"}]}

    record = post(read_json, json=body)

    assert info(record).body == {
        "n": 1,
        "card": "[redacted]",
        "rows": [{"password": "[redacted]"}],
    }


def test_a_form_that_was_read_is_kept(post: Callable[..., ErrorRecord]) -> None:
    """Every value of a field, and no file."""
    data = {"a": ["1", "2"], "pin": "c4n4ry", "file": (io.BytesIO(b"x"), "c4n4ry")}

    urlencoded = post(lambda: request.form, data={"a": ["1", "2"], "pin": "c4n4ry"})
    assert info(urlencoded).body == {"a": ["1", "2"], "pin": "[redacted]"}

    del data["file"]
    assert info(post(lambda: request.form, data=data)).body == info(urlencoded).body


def test_json_that_does_not_parse_is_kept_as_text(
    post: Callable[..., ErrorRecord],
) -> None:
    """It may be why the error came."""
    record = post(
        read_data,
        data='{"password": "c4n4ry", ',
        content_type="application/problem+json",
    )

    assert info(record).body == '{"password": "[redacted]", '


class Unread:
    """A body that must not be read."""

    def read(self, size: int = -1) -> bytes:
        """Fail."""
        raise AssertionError(size)

    readline = read


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x"]
)
def test_a_body_is_never_read_for_a_record(
    post: Callable[..., ErrorRecord], kind: str
) -> None:
    """Whoever has not read it may still want to, or it may never end."""
    record = post(
        lambda: None,
        environ_overrides={
            "wsgi.input": Unread(),
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": "5",
        },
    )

    assert info(record).body is None
    assert info(record).content_length == 5


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (json.dumps({"n": "x" * 300}), "application/json"),
        ("n=" + "x" * 300, "application/x-www-form-urlencoded"),
        ("text", "text/plain"),
        ("[" * 190, "application/json; charset=utf-8"),
    ],
)
def test_other_bodies_are_not_kept(
    post: Callable[..., ErrorRecord], data: str, kind: str
) -> None:
    """Neither large ones nor those of another type; nothing fails by their depth."""

    def read() -> None:
        _ = request.form, request.get_data()

    body = info(post(read, data=data, content_type=kind)).body

    assert body is None or body == "[" * 190


def test_headers_are_kept_by_name(post: Callable[..., ErrorRecord]) -> None:
    """Those of the setting, too; one that carries a secret shows that it was there."""
    record = post(
        lambda: None,
        headers={"X-Tenant": "acme", "X-Api-Key": "c4n4ry", "X-Other": "c4n4ry"},
    )

    assert info(record).headers == {
        "Host": "localhost",
        "X-Tenant": "acme",
        "X-Api-Key": "[redacted]",
    }


def test_the_url_is_as_it_was_sent(post: Callable[..., ErrorRecord]) -> None:
    """With scheme, host and the prefix that the application is mounted at."""
    record = post(
        lambda: None, "/orders?token=c4", base_url="https://shop.example:8443/eu"
    )

    assert info(record).url == ("https://shop.example:8443/eu/orders?token=[redacted]")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"01-{TRACE}-b7ad6b7169203331-01-what.comes.later", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01-no", None),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None),
        ("x" * 100_000, None),
        ("", None),
    ],
)
def test_the_trace_is_that_of_a_sane_header(
    post: Callable[..., ErrorRecord], header: str, expected: str | None
) -> None:
    """W3C Trace Context, section 3.2."""
    record = post(lambda: None, headers={"traceparent": header})

    assert record.trace_id == expected


@pytest.fixture
def span() -> Iterator[int]:
    """A span of OpenTelemetry around a test; its trace's id."""
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - only these use it

    provider = TracerProvider()
    with provider.get_tracer("shop").start_as_current_span("work") as span:
        yield span.get_span_context().trace_id
    provider.shutdown()


def test_the_trace_may_be_open_telemetrys(
    post: Callable[..., ErrorRecord], recorder: Recorder, sink: ListSink, span: int
) -> None:
    """In a request without the header, and outside of any."""
    record = post(lambda: None)
    recorder.capture(ValueError("x"))

    assert [record.trace_id, sink.records[-1].trace_id] == [f"{span:032x}"] * 2


def test_a_header_goes_before_the_present_span(
    post: Callable[..., ErrorRecord], span: int
) -> None:
    """The caller knows best which trace it is."""
    header = f"00-{TRACE}-b7ad6b7169203331-01"

    assert post(lambda: None, headers={"traceparent": header}).trace_id == TRACE


def test_a_damaged_request_is_dropped_alone(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """A middleware that put something odd into the environment costs a field."""
    recorder = Recorder(settings, sink, clock=clock)
    with Flask("shop").test_request_context(environ_overrides={"HTTP_ACCEPT": 5}):
        recorder.capture(ValueError("x"))

    assert sink.records[0].request is None
    assert sink.losses == {"field not recorded": 1}

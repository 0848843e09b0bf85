"""What is said of a request belongs to its errors, and to no others."""

import asyncio
import contextvars
import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from tests.records.conftest import ListSink

import failwell
from failwell._request_id import install_request_ids
from failwell.records import ErrorRecord, Recorder

log = logging.getLogger("shop.orders")


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Log from DEBUG on while a test runs."""
    log.setLevel(logging.DEBUG)
    with failwell.error_context():
        yield
    log.setLevel(logging.NOTSET)


@pytest.fixture
def serve(recorder: Recorder, sink: ListSink) -> Callable[..., ErrorRecord]:
    """Serve one request with a view; return the record of the error it ends with."""
    app = Flask("shop")
    install_request_ids(app)
    views: list[Callable[[], object]] = []

    @app.get("/")
    def view() -> str:
        try:
            views.pop()()
            raise ValueError("x")
        except ValueError as error:
            return recorder.capture(error)

    def serve(view: Callable[[], object] = lambda: None) -> ErrorRecord:
        views.append(view)
        headers = {"X-Request-ID": "always-the-same"}
        with app.test_client().get("/", headers=headers) as response:
            assert response.status_code == 200
        return sink.records[-1]

    return serve


def test_an_error_knows_what_was_said(serve: Callable[..., ErrorRecord]) -> None:
    """User, tags and breadcrumbs of the request stand in its record."""

    def view() -> None:
        failwell.set_user(7)
        failwell.set_tags(tenant="acme", plan=None, size=3)
        failwell.set_tags(size=None, password="c4n4ry")
        failwell.add_breadcrumb("Cart priced", category="cart", items=3, token="c4n4ry")

    record = serve(view)

    assert record.user_id == "7"
    assert record.tags == {"tenant": "acme", "password": "[redacted]"}
    (crumb,) = record.breadcrumbs
    assert (crumb.category, crumb.message) == ("cart", "Cart priced")
    assert crumb.data == {"items": 3, "token": "[redacted]"}


def test_nothing_stays_for_the_next_request(serve: Callable[..., ErrorRecord]) -> None:
    """On the same thread, and with the same request id."""

    def view() -> None:
        failwell.set_user(7)
        failwell.set_tags(tenant="acme")
        log.warning("late")

    serve(view)
    record = serve()

    assert (record.user_id, record.tags, record.breadcrumbs) == (None, {}, ())


def test_a_copied_context_keeps_its_own(serve: Callable[..., ErrorRecord]) -> None:
    """What was said before the copy is known there; what is said there, only there."""

    def aside() -> None:
        failwell.set_user(8)
        failwell.set_tags(where="aside")
        log.warning("aside")

    def view() -> None:
        failwell.set_user(7)
        log.warning("before")
        contextvars.copy_context().run(aside)
        with ThreadPoolExecutor() as pool:
            pool.submit(contextvars.copy_context().run, aside).result()
        log.warning("after")

    record = serve(view)

    assert record.user_id == "7"
    assert record.tags == {}
    assert [crumb.message for crumb in record.breadcrumbs] == ["before", "after"]


def test_tasks_keep_their_own(recorder: Recorder, sink: ListSink) -> None:
    """Two tasks of one loop that take turns do not mix."""

    async def work(user: int) -> None:
        """Give way after each line."""
        failwell.set_user(user)
        for n in range(3):
            log.warning("%d of %d", n, user)
            await asyncio.sleep(0)
        recorder.capture(ValueError("x"))

    async def both() -> None:
        """Let two users meet."""
        await asyncio.gather(work(1), work(2))

    asyncio.run(both())

    for record in sink.records:
        messages = [crumb.message for crumb in record.breadcrumbs]
        assert messages == [f"{n} of {record.user_id}" for n in range(3)]
    assert {record.user_id for record in sink.records} == {"1", "2"}


def test_a_job_is_a_piece_of_work(recorder: Recorder, sink: ListSink) -> None:
    """`error_context` begins without and ends without a trace, whatever is raised."""
    failwell.set_user("outer")

    def job() -> None:
        with failwell.error_context():
            recorder.capture(ValueError("x"))
            failwell.set_user("inner")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        job()
    recorder.capture(ValueError("x"))

    assert [record.user_id for record in sink.records] == [None, "outer"]


def test_the_latest_lines_of_the_request_are_kept(
    serve: Callable[..., ErrorRecord],
) -> None:
    """Twenty, from INFO up, with their arguments, levels and exceptions; redacted."""

    def view() -> None:
        for n in range(100):
            log.info("line %d", n)
        log.debug("not this")
        log.error("login with password=%s", "c4n4ry")
        log.warning("%(what)s of %(who)s", {"what": "it", "who": "them"})
        try:
            raise KeyError("x")
        except KeyError:
            log.exception("failed")

    crumbs = serve(view).breadcrumbs

    assert len(crumbs) == 20
    assert [c.message for c in crumbs[-4:]] == [
        "line 99",
        "login with password=[redacted]",
        "it of them",
        "failed",
    ]
    assert crumbs[-1].data == {"exception": "KeyError"}
    assert (crumbs[0].category, crumbs[0].level, crumbs[-1].level) == (
        "log",
        "info",
        "error",
    )


class Thing:
    """An object that must neither be shown nor held."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def test_objects_in_log_lines_are_neither_held_nor_shown(
    serve: Callable[..., ErrorRecord],
) -> None:
    """Their type stands there; 100 MB of text are cut at once; odd lines do not fail."""
    alive = []

    def line(message: object, *arguments: object) -> None:
        # As logging makes it; handlers would show and hold what is in it.
        log.makeRecord(log.name, logging.INFO, "", 1, message, arguments, None)

    def view() -> None:
        thing = Thing()
        alive.append(weakref.ref(thing))
        line("got %r and %s", thing, "x" * 10_000_000)
        line("%d pieces", thing)
        line(thing)
        line("%s", 10**5000)
        del thing
        gc.collect()
        assert alive[0]() is None

    messages = [crumb.message for crumb in serve(view).breadcrumbs]

    name = f"<{Thing.__module__}.Thing>"
    assert messages[0].startswith(f"got '{name}' and xxx")
    assert max(map(len, messages)) <= 500
    assert messages[1] == f"%d pieces ('{name}',)"
    assert messages[2:] == [name, "<int>"]


def test_named_arguments_of_log_lines_are_redacted_by_their_names(
    serve: Callable[..., ErrorRecord],
) -> None:
    """What the name says of a value is known no more once it stands in the line."""

    def view() -> None:
        arguments = {"who": "ada", "password": "c4n4ry"}
        log.info("signs %(who)s in with %(password)s", arguments)

    (crumb,) = serve(view).breadcrumbs

    assert crumb.message == "signs ada in with [redacted]"


def test_failwells_own_lines_are_no_breadcrumbs(
    serve: Callable[..., ErrorRecord],
) -> None:
    """What recording itself says explains no error."""

    def view() -> None:
        logging.getLogger("failwell").warning("own")
        logging.getLogger("failwell.logs").warning("own")
        logging.getLogger("failwells").warning("another's")

    assert [c.message for c in serve(view).breadcrumbs] == ["another's"]


def test_logging_can_still_be_configured(serve: Callable[..., ErrorRecord]) -> None:
    """No handler is added: `basicConfig` and Flask would take it for one of yours."""
    before = logging.getLogger().handlers[:]

    serve(lambda: log.warning("x"))

    assert logging.getLogger().handlers == before


def test_what_is_said_is_bounded(serve: Callable[..., ErrorRecord]) -> None:
    """Endless users, tags, values and breadcrumbs make a small record."""

    def view() -> None:
        failwell.set_user("u" * 1_000_000)
        failwell.set_tags(**{f"t{n}": "v" * 100_000 for n in range(500)})
        for n in range(500):
            failwell.add_breadcrumb("m" * 100_000, data={"n": n, "x": ["y"] * 10**5})

    record = serve(view)

    assert 200 < len(record.user_id or "") <= 300
    assert len(record.tags) == 50
    assert max(map(len, record.tags.values())) <= 200
    assert len(record.breadcrumbs) == 20
    assert max(len(crumb.message) for crumb in record.breadcrumbs) <= 500


def test_odd_things_can_be_said(serve: Callable[..., ErrorRecord]) -> None:
    """Nothing that is said fails a request."""

    def view() -> None:
        failwell.set_user(Thing())
        failwell.set_tags(thing=Thing(), text="a\ud800\0")
        failwell.add_breadcrumb(Thing(), category=Thing(), level=Thing(), x=Thing())  # type: ignore[arg-type]

    record = serve(view)

    name = f"<{Thing.__module__}.Thing>"
    assert record.user_id == name
    assert record.tags == {"thing": name, "text": "a\\ud800\\x00"}
    assert record.breadcrumbs[0].data == {"x": name}


def test_capture_adds_to_what_was_said(recorder: Recorder, sink: ListSink) -> None:
    """Its own level, origin, tags and context stand in the record."""
    failwell.set_tags(a="1", b="1")

    recorder.capture(
        ValueError("x"),
        level="warning",
        origin="task",
        tags={"b": 2},
        context={"job": {"password": "c4n4ry", "n": 1}},
    )

    (record,) = sink.records
    assert (record.level, record.origin) == ("warning", "task")
    assert record.tags == {"a": "1", "b": "2"}
    assert record.context == {"job": {"password": "[redacted]", "n": 1}}


@pytest.mark.parametrize("level", ["warn", 5, None, Thing()])
def test_an_unknown_level_is_an_error(
    recorder: Recorder, sink: ListSink, level: object
) -> None:
    """A reader that meets another one would refuse the whole record."""
    recorder.capture(ValueError("x"), level=level, origin=Thing())  # type: ignore[arg-type]

    (record,) = sink.records
    assert record.level == "error"
    assert record.origin == f"<{Thing.__module__}.Thing>"


@pytest.mark.parametrize("room", range(150, 620, 5))
def test_a_secret_across_a_cut_is_hidden(
    serve: Callable[..., ErrorRecord], sink: ListSink, room: int
) -> None:
    """What is cut from a tag, a user or a breadcrumb leaves no half of a password."""
    text = "x" * room + " postgresql://bob:hunter2hunter2@db/x"

    def view() -> None:
        failwell.set_user(text)
        failwell.set_tags(link=text)
        failwell.add_breadcrumb(text, text)
        log.info("%s", text)

    serve(view)

    assert b"hunter2" not in sink.every_byte

"""Once, however an error is logged, captured, raised and answered, and in what order."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from tests.hooks.conftest import counted

import failwell
from failwell import Failwell

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)
_logger = logging.getLogger("shop.orders")

Step = Literal["log", "capture", "raise anew", "hand to a thread"]
Place = Literal["request", "thread"]
End = Literal["raise", "swallow"]


@dataclass(frozen=True)
class Work:
    """What one request or thread does with an error."""

    place: Place
    steps: tuple[Step, ...]
    end: End
    error: int
    """Which of the errors: an object may be raised in many requests."""


WORKS = st.builds(
    Work,
    place=st.sampled_from(["request", "thread"]),
    steps=st.lists(
        st.sampled_from(["log", "capture", "raise anew", "hand to a thread"]),
        max_size=4,
    ).map(tuple),
    end=st.sampled_from(["raise", "swallow"]),
    error=st.integers(0, 1),
)


@dataclass
class Model:
    """The rule: an object counts once in a request, and what has none belongs to any."""

    total: int = 0
    marks: dict[int, tuple[int | None, bool]] = field(default_factory=dict)

    def work(self, work: Work, number: int) -> None:
        """Do as the recorder does."""
        request = number if work.place == "request" else None
        for step in work.steps:
            if step == "log":
                self._see(work.error, request, explicit=False)
            elif step == "capture":
                self._see(work.error, request, explicit=True)
            elif step == "hand to a thread":
                self._see(work.error, None, explicit=False)
        if work.end == "raise":
            self._see(work.error, request, explicit=False)

    def _see(self, error: int, request: int | None, *, explicit: bool) -> None:
        known = self.marks.get(error)
        if known is not None and not (
            known[0] == request or None in (known[0], request)
        ):
            known = None
        self.total += known is None or (known[1] and explicit)
        if known is None or explicit:
            self.marks[error] = request, explicit
        elif known[0] is None:
            self.marks[error] = request, known[1]


def _log(error: Exception) -> None:
    _logger.error("It broke", exc_info=error)


def _do(work: Work, error: Exception) -> str:
    try:
        raise error
    except ValueError as caught:
        for step in work.steps:
            if step == "log":
                _log(caught)
            elif step == "capture":
                failwell.capture(caught)
            elif step == "hand to a thread":
                thread = threading.Thread(target=_log, args=(caught,))
                thread.start()
                thread.join()
            else:
                _raise_anew(caught)
        if work.end == "raise":
            raise
    return "fine"


def _raise_anew(error: Exception) -> None:
    try:
        raise error
    except ValueError:
        return


def _run(app: Flask, work: Work, error: Exception) -> None:
    if work.place == "request":
        app.view_functions["work"] = lambda: _do(work, error)
        with app.test_client().get("/") as answer:
            assert answer.status_code == (500 if work.end == "raise" else 200)
    else:
        thread = threading.Thread(target=_do, args=(work, error))
        thread.start()
        thread.join()


def _make_app() -> Flask:
    app = Flask("shop")
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    Failwell(app)
    return app


@given(st.lists(WORKS, max_size=6))
def test_one_after_the_other(works: list[Work]) -> None:
    """Whatever objects are raised again, in requests and in threads."""
    app, model = _make_app(), Model()
    app.add_url_rule("/", "work", lambda: "")
    errors = [ValueError("first"), ValueError("second")]

    for number, work in enumerate(works):
        _run(app, work, errors[work.error])
        model.work(work, number)

    assert counted(app) == model.total


@given(st.lists(WORKS, min_size=2, max_size=8))
def test_all_at_once(works: list[Work]) -> None:
    """Each with an error of its own, on threads of their own."""
    app, model = _make_app(), Model()

    def view(number: int) -> str:
        return _do(works[number], ValueError(f"{number}"))

    app.add_url_rule("/<int:number>", view_func=view)

    def run(number: int) -> None:
        if works[number].place == "request":
            app.test_client().get(f"/{number}").close()
        else:
            _run(app, works[number], ValueError(f"{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(len(works))))

    for number, work in enumerate(works):
        model.marks.clear()
        model.work(work, number)
    assert counted(app) == model.total

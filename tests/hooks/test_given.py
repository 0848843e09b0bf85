"""`failwell.capture` and `failwell.message`."""

import gc
import logging

import pytest
from flask import Flask
from tests.hooks.conftest import MakeApp, counted, origins

import failwell
from failwell._journal import journal_of
from failwell.exceptions import ConflictError
from failwell.hooks import unwatch
from failwell.testing import recorded_errors


def _failed(error: BaseException | None = None) -> BaseException:
    try:
        raise error or ValueError("boom")
    except BaseException as raised:  # noqa: BLE001 - raised just above
        return raised


def test_what_is_given_along_is_kept(app: Flask) -> None:
    """User, tags, level and whatever else, redacted."""
    error_id = failwell.capture(
        _failed(ConflictError()),
        user=7,
        tags={"tenant": "acme"},
        level="warning",
        invoice=[1, 2],
        token="hunter2",
    )

    (record,) = recorded_errors(app)
    assert (record.id, record.code, record.level) == (error_id, "CONFLICT", "warning")
    assert (record.user_id, record.tags) == ("7", {"tenant": "acme"})
    assert record.context == {"invoice": [1, 2], "token": "[redacted]"}
    assert record.explicit


def test_without_an_error_the_one_that_is_handled_is_taken(app: Flask) -> None:
    """In the except block."""
    try:
        raise KeyError("x")
    except KeyError:
        failwell.capture()

    assert [record.type for record in recorded_errors(app)] == ["KeyError"]


def test_every_one_is_kept(app: Flask) -> None:
    """Also behind the hundred that a group keeps by itself."""
    for _ in range(120):
        failwell.capture(_failed())

    assert len(recorded_errors(app)) == counted(app) == 120


def test_in_a_request_it_is_counted_once(app: Flask) -> None:
    """Captured, logged, raised and answered."""

    @app.get("/")
    def view() -> str:
        try:
            raise ValueError("boom")
        except ValueError:
            failwell.capture(step=3)
            app.logger.exception("It broke")
            raise

    answer = app.test_client().get("/")

    (record,) = recorded_errors(app)
    assert counted(app) == 1
    assert answer.json["error"]["id"] == record.id
    assert record.context == {"step": 3}
    assert record.request is not None
    assert record.request.route == "/"


def test_what_was_logged_first_gets_a_second_entry_and_is_counted_once(
    app: Flask,
) -> None:
    """It says more than the line did."""
    error = _failed()
    logging.getLogger("shop").error("It broke", exc_info=error)

    failwell.capture(error, step=3)

    assert [record.origin for record in recorded_errors(app)] == ["log", ""]
    assert counted(app) == 1


@pytest.mark.parametrize("fingerprint", ["import", ["import", 7], ("import", None)])
def test_a_fingerprint_decides_the_group(app: Flask, fingerprint: object) -> None:
    """A text, or several parts of whatever kind."""
    first = failwell.capture(_failed(), fingerprint=fingerprint)
    second = failwell.capture(_failed(KeyError("x")), fingerprint=fingerprint)
    other = failwell.capture(_failed(), fingerprint="export")

    assert first[:16] == second[:16] != other[:16]


def test_even_the_end_of_the_process_is_kept_when_it_is_given(app: Flask) -> None:
    """Whoever gives it wants it."""
    failwell.capture(_failed(SystemExit(3)))

    assert [record.type for record in recorded_errors(app)] == ["SystemExit"]


def test_a_message_is_grouped_by_its_text(app: Flask) -> None:
    """Its numbers do not count; where it was said is kept."""
    first = failwell.message("Import of 12 rows", level="warning", missing=3)
    again = failwell.message("Import of 7 rows")
    other = failwell.message("Import finished")

    record = recorded_errors(app)[0]
    assert first[:16] == again[:16] != other[:16]
    assert (record.type, record.message, record.code) == (
        "failwell.Message",
        "Import of 12 rows",
        "MESSAGE",
    )
    assert (record.level, record.context) == ("warning", {"missing": 3})
    assert record.exceptions[0].frames[-1].function.startswith("test_a_message_is")
    assert [r.level for r in recorded_errors(app)] == ["warning", "info", "info"]


@pytest.mark.parametrize("text", ["\ud800", "\0", "x" * 10**6, ""])
def test_any_text_can_be_a_message(app: Flask, text: str) -> None:
    """Lone surrogates and a megabyte, too."""
    failwell.message(text)

    assert len(recorded_errors(app)) == 1
    assert journal_of(app).recorder.dropped == {}


def test_the_line_of_a_message_has_its_level(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """It would else wake somebody up."""
    with caplog.at_level(logging.INFO, app.logger.name):
        failwell.message("Import finished")

    assert [line.levelname for line in caplog.records] == ["INFO"]


@pytest.mark.usefixtures("app")
def test_mistakes_in_the_call_are_refused_with_what_is_allowed() -> None:
    """They are the same each time, so that the first test finds them."""
    with pytest.raises(ValueError, match="in an except block, or give it one"):
        failwell.capture()
    with pytest.raises(TypeError, match="takes an exception, not a str"):
        failwell.capture("boom")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="info, warning, error, critical"):
        failwell.capture(_failed(), level="fatal")  # type: ignore[arg-type]  # as above
    with pytest.raises(ValueError, match="takes as level one of"):
        failwell.message("x", level="debug")  # type: ignore[arg-type]  # as above


def test_without_an_application_it_says_what_to_write() -> None:
    """Nothing could keep it."""
    gc.collect()
    unwatch()

    with (
        Flask("other").app_context(),
        pytest.raises(RuntimeError, match=r"write Failwell\(app\)"),
    ):
        failwell.capture(_failed())


def test_an_application_whose_journal_fails_raises_nothing(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller is in the midst of handling an error."""
    app = make_app()
    app.extensions["failwell"] = object()

    with app.app_context():
        error_id = failwell.capture(_failed())

    assert len(error_id) == 33
    assert "error not recorded" in capsys.readouterr().err


def test_an_errors_own_code_may_fail(app: Flask) -> None:
    """It is asked for what it is answered with, and that is anybody's code."""

    class OddError(ConflictError):
        @property
        def code(self) -> str:  # type: ignore[override]
            raise RuntimeError("broken")

        @code.setter
        def code(self, _: str) -> None:
            pass

    failwell.capture(_failed(OddError()))

    assert [record.code for record in recorded_errors(app)] == ["INTERNAL_ERROR"]
    assert origins(app) == [""]

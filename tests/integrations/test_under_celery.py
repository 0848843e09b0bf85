"""Tasks of Celery that fail, in real workers."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from celery import Celery, signals, states
from celery.contrib.testing.worker import start_worker
from flask import Flask

import failwell
from failwell import Failwell
from failwell._clock import SYSTEM_CLOCK
from failwell._journal import journal_of
from failwell.integrations.celery import use_failwell
from failwell.store import Store
from failwell.testing import recorded_errors

# Real workers take their time to start and to end.
pytestmark = [
    pytest.mark.faults,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
_logger = logging.getLogger("shop.tasks")


class UnpicklableError(ValueError):
    """Cannot be handed to another process."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")
        self.kept = lambda: first


Run = Callable[..., list[str]]

CONSTANT = KeyError("always the same")


def _define(celery: Celery) -> None:
    def fails() -> None:
        raise ValueError("boom")

    def tells() -> None:
        try:
            raise UnpicklableError(1, 2)
        except ValueError:
            _logger.exception("It broke")
            failwell.capture(step=3)
            raise

    def repeats() -> None:
        raise CONSTANT

    def retries() -> None:
        raise ConnectionError("down")

    def succeeds() -> None:
        pass

    for function in (fails, tells, repeats, succeeds):
        celery.task(function, name=function.__name__, shared=False)
    celery.task(repeats, name="expected", shared=False, throws=(KeyError,))
    celery.task(
        retries,
        name="retries",
        shared=False,
        autoretry_for=(ConnectionError,),
        retry_kwargs={"max_retries": 2, "countdown": 0},
    )


@pytest.fixture(scope="module", params=["threads", "solo"])
def worked(request: pytest.FixtureRequest) -> Iterator[Celery]:
    """Return a Celery application with a broker in memory and a worker that runs."""
    celery = _celery()
    root = logging.getLogger()
    handlers, level = root.handlers.copy(), root.level
    with start_worker(
        celery,
        pool=request.param,
        perform_ping_check=False,
        shutdown_timeout=30,
        loglevel="ERROR",
    ):
        yield celery
    # A worker takes the root logger for itself.
    root.handlers[:] = handlers
    root.setLevel(level)


def _celery() -> Celery:
    celery = Celery(
        "shop", broker="memory://", backend="cache+memory://", set_as_current=False
    )
    _define(celery)
    return celery


@pytest.fixture
def app() -> Flask:
    """Return an application under test."""
    app = Flask("shop")
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    Failwell(app)
    return app


@pytest.fixture
def run(worked: Celery, app: Flask) -> Iterator[Run]:
    """Return a function that has the worker run a task and returns its ids."""
    use_failwell(worked, app)
    # A result can be had before the signals are sent; they are what is waited for.
    ended: SimpleQueue[str] = SimpleQueue()

    def note_end(task_id: str, state: str | None, **_: object) -> None:
        if state != states.RETRY:
            ended.put(task_id)

    def run(name: str, times: int = 1) -> list[str]:
        sent = {worked.tasks[name].delay().id for _ in range(times)}
        assert {ended.get(timeout=30) for _ in range(times)} == sent
        return sorted(sent)

    signals.task_postrun.connect(note_end)
    yield run
    signals.task_postrun.disconnect(note_end)


def _counted(app: Flask) -> int:
    units = journal_of(app).source.units()
    return sum(counter.count for unit in units for counter in unit.counters())


def test_a_task_that_fails_is_recorded_once(app: Flask, run: Run) -> None:
    """With its name and its id, under which it is found like a request."""
    (task_id,) = run("fails")

    (record,) = recorded_errors(app)
    assert _counted(app) == 1
    assert (record.type, record.origin, record.request_id) == (
        "ValueError",
        "celery",
        task_id,
    )
    assert record.context == {"task": "fails", "task_id": task_id, "retries": 0}
    assert record.exceptions[0].frames[-1].function.endswith("fails")


def test_logged_captured_and_raised_it_is_one_error(app: Flask, run: Run) -> None:
    """Also where Celery has to make another exception of it."""
    run("tells")

    assert _counted(app) == 1
    assert [record.origin for record in recorded_errors(app)] == ["log", ""]
    assert {record.type for record in recorded_errors(app)} == {
        f"{__name__}.UnpicklableError"
    }


def test_an_object_that_many_tasks_raise_counts_for_each(app: Flask, run: Run) -> None:
    """As it would in requests."""
    run("repeats", times=3)

    assert _counted(app) == len(recorded_errors(app)) == 3


def test_retries_are_no_errors_and_giving_up_is_one(app: Flask, run: Run) -> None:
    """The record says how often it was tried."""
    run("retries")

    (record,) = recorded_errors(app)
    assert record.context["retries"] == 2
    assert _counted(app) == 1


def test_what_a_task_declares_is_no_error(app: Flask, run: Run) -> None:
    """`throws` says that callers expect it."""
    run("expected")

    assert recorded_errors(app) == []


def test_a_task_that_succeeds_leaves_no_trace(
    app: Flask, worked: Celery, run: Run
) -> None:
    """Nor its id for the next one."""
    run("succeeds", times=2)

    assert recorded_errors(app) == []
    assert vars(worked)["failwell"]._entered == {}


def test_an_eager_task_belongs_to_its_request(app: Flask) -> None:
    """It is recorded as the request's error, once."""
    celery = _celery()
    celery.conf.update(task_always_eager=True, task_eager_propagates=True)
    use_failwell(celery, app)
    app.add_url_rule("/", view_func=lambda: str(celery.tasks["fails"].delay()))

    answer = app.test_client().get("/")

    (record,) = recorded_errors(app)
    assert _counted(app) == 1
    assert answer.json["error"]["id"] == record.id
    assert record.request_id == answer.headers["X-Request-ID"]


def test_tasks_of_another_celery_are_not_ours(app: Flask) -> None:
    """Signals are the whole process's."""
    ours, other = _celery(), _celery()
    use_failwell(ours, app)
    other.conf.task_always_eager = True

    other.tasks["fails"].delay()

    assert recorded_errors(app) == []


PROGRAM = """
import logging, os
from celery import Celery
from flask import Flask
from failwell import Failwell
from failwell.integrations.celery import use_failwell

here = os.environ["HERE"]
app = Flask("shop", instance_path=f"{here}/instance")
Failwell(app)
folders = {"data_folder_in": f"{here}/queue", "data_folder_out": f"{here}/queue"}
celery = Celery("shop", broker="filesystem://", backend=f"file://{here}/results")
celery.conf.broker_transport_options = folders
use_failwell(celery, app)

@celery.task
def work(number):
    raise ValueError(f"boom {number} in {os.getpid()}")

@celery.task
def die():
    os._exit(9)
"""


def test_forked_workers_record_and_ship(tmp_path: Path) -> None:
    """Each for itself; one that is lost is reported by the process that forked it."""
    for folder in ("queue", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shop.py").write_text(PROGRAM)
    environ = {**os.environ, "HERE": str(tmp_path)}
    python = [sys.executable]
    send = "import shop; [shop.work.delay(n) for n in range(20)]; shop.die.delay()"
    subprocess.run([*python, "-c", send], cwd=tmp_path, env=environ, check=True)
    command = [*python, "-m", "celery", "-A", "shop.celery", "worker", "-c", "2"]

    with subprocess.Popen(command, cwd=tmp_path, env=environ) as worker:
        try:
            messages = _await_stored(tmp_path, 21)
        finally:
            worker.send_signal(signal.SIGTERM)

    failed = [message for message in messages if message.startswith("boom")]
    pids = {message.rpartition(" ")[2] for message in failed}
    assert len(failed) == len(set(failed)) == 20
    assert str(worker.pid) not in pids
    (lost,) = set(messages) - set(failed)
    assert lost.startswith("Worker exited")


def _await_stored(folder: Path, number: int) -> list[str]:
    url = f"sqlite:///{folder / 'instance' / 'failwell' / 'store.db'}"
    messages: list[str] = []
    for _ in range(600):
        if (folder / "instance" / "failwell" / "store.db").exists():
            store = Store(url)
            messages = [record.message for record in store.recent(100)]
            store.close()
        if len(messages) >= number:
            break
        SYSTEM_CLOCK.sleep(0.1)
    return messages

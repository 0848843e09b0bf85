"""The tables: migrations, the guards in the database, and health."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from meetings_api import Api, at, config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from meetings import create_app
from meetings.storage import Base, current_version, db, expected_version, migrate

BOOK = (
    "INSERT INTO meetings (title, organizer_id, room_id, start_time, end_time,"
    " max_capacity, status, version, created_at)"
    " VALUES ('x', :who, :room, :start, :end, :seats, :status, 1, 0)"
)
NINE, TEN = 1_777_885_200, 1_777_888_800


def _write(api: Api, statement: str, **values: object) -> None:
    with api.app.app_context():
        db.session.execute(text(statement), values)
        db.session.commit()


def _slot(**changed: object) -> dict[str, object]:
    row: dict[str, object] = {
        "who": 1,
        "room": None,
        "start": NINE,
        "end": TEN,
        "seats": None,
        "status": "confirmed",
    }
    return row | changed


@pytest.fixture
def furnished(api: Api) -> Api:
    """Return an application with a room, three users and one booked meeting."""
    room_id = api.room(capacity=2)
    ada = api.person()
    api.person("Bob")
    api.book(ada, room_id=room_id, **at(9))
    return api


def test_migrations_make_what_the_models_say(api: Api) -> None:
    """Between the migrated tables and the classes there is no difference."""
    with api.app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(api: Api) -> None:
    """A second start finds everything done."""
    with api.app.app_context():
        migrate(db.engine)
        assert current_version(db.session.connection()) == expected_version()


@pytest.mark.parametrize(
    "row",
    [
        _slot(room=1, who=1),
        _slot(room=1, who=1, start=NINE - 3_599, end=NINE + 1),
        _slot(room=1, who=1, start=TEN - 1, end=TEN + 60),
        _slot(room=1, who=1, start=TEN - 86_400, end=TEN - 1),
        _slot(who=2),
    ],
    ids=["same", "into its start", "from its end", "a long one over it", "organiser"],
)
def test_the_database_refuses_an_overlap(
    furnished: Api, row: dict[str, object]
) -> None:
    """Even a program that does not ask the booking function cannot double-book."""
    with pytest.raises(IntegrityError, match="MEETING_CONFLICT"):
        _write(furnished, BOOK, **row)


def test_the_database_lets_neighbours_and_cancelled_ones_be(furnished: Api) -> None:
    """Touching is no overlap, and what is cancelled takes no time."""
    _write(furnished, BOOK, **_slot(room=1, start=TEN, end=TEN + 60))
    _write(furnished, BOOK, **_slot(room=1, status="cancelled"))

    with pytest.raises(IntegrityError, match="MEETING_CONFLICT"):
        _write(
            furnished,
            "UPDATE meetings SET status = 'confirmed' WHERE status = 'cancelled'",
        )
    with pytest.raises(IntegrityError, match="MEETING_CONFLICT"):
        _write(
            furnished, "UPDATE meetings SET start_time = start_time - 60 WHERE id = 2"
        )


def test_the_database_refuses_an_overfull_meeting(furnished: Api) -> None:
    """A third person in a room for two is refused, and so is shrinking below two."""
    join = "INSERT INTO participants VALUES (1, :who, 0)"
    _write(furnished, join, who=1)
    _write(furnished, join, who=2)

    with pytest.raises(IntegrityError, match="MEETING_CAPACITY_ERROR"):
        _write(furnished, join, who=3)
    with pytest.raises(IntegrityError, match="MEETING_CAPACITY_ERROR"):
        _write(furnished, "UPDATE meetings SET max_capacity = 1 WHERE id = 1")


@pytest.mark.parametrize(
    "row",
    [
        _slot(end=NINE),
        _slot(end=NINE + 86_401),
        _slot(seats=0),
        _slot(status="perhaps"),
        _slot(who=99),
        _slot(room=99),
    ],
)
def test_the_database_refuses_nonsense(furnished: Api, row: dict[str, object]) -> None:
    """Constraints hold the shape of a meeting, and foreign keys are switched on."""
    with pytest.raises(IntegrityError):
        _write(furnished, BOOK, **row)


def test_conflicts_are_found_through_the_index(furnished: Api) -> None:
    """The query of the booking function walks a few entries, never the table."""
    plan = (
        "EXPLAIN QUERY PLAN SELECT id FROM meetings WHERE {owner} = 1"
        " AND start_time < 9 AND start_time > 1 AND end_time > 5 AND status = 'confirmed'"
    )

    with furnished.app.app_context():
        for owner in ("room_id", "organizer_id"):
            steps = db.session.execute(text(plan.format(owner=owner))).all()
            assert f"ix_meetings_{owner}_start_time_end_time" in steps[0].detail
            assert "start_time>? AND start_time<?" in steps[0].detail


def test_ready_only_with_the_right_tables(tmp_path: Path) -> None:
    """Before the migration 503, after it 200; alive in both cases."""
    (tmp_path / "instance").mkdir()
    api = Api(create_app(config(tmp_path)))

    before = api.call("GET", "//readyz")
    alive = api.call("GET", "//healthz")
    with api.app.app_context():
        migrate(db.engine)
    after = api.call("GET", "//readyz")
    with api.app.app_context():
        db.engine.dispose()

    assert before.status_code == 503
    assert before.get_json()["error"]["details"] == {"check": "migrations"}
    assert alive.get_json() == after.get_json() == {"status": "ok"}


def test_not_ready_without_a_database(
    make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """A database that cannot be opened is 503, and the sentence names no path."""
    api = make_api(DATABASE_URL=f"sqlite:///{tmp_path}/missing/meetings.db")

    answer = api.call("GET", "//readyz")

    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert "missing" not in answer.get_data(as_text=True)


def test_readers_do_not_wait_for_a_writer(furnished: Api, tmp_path: Path) -> None:
    """While somebody holds the write lock, reading goes on."""
    ada = furnished.person("Reader")
    writer = sqlite3.connect(
        tmp_path / "instance" / "meetings.db", isolation_level=None
    )
    writer.execute("BEGIN IMMEDIATE")

    answer = furnished.call("GET", "/meetings", ada)

    writer.execute("ROLLBACK")
    writer.close()
    assert answer.status_code == 200

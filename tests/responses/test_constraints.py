"""Constraints that an application has named, found on every database."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from library import failure_of, library, loans, seats, users

from failwell import Failwell
from failwell.responses import to_app_error
from failwell.responses._database import Constraints, classify_database
from failwell.responses._database._fault import Fault, Kind

TAKEN: dict[str, Any] = {
    "code": "EMAIL_TAKEN",
    "field": "email",
    "message": "This address is taken",
}
BODY = {
    "error": {
        "code": "EMAIL_TAKEN",
        "message": "This address is taken",
        "details": {"field": "email"},
    }
}
ANN_AGAIN = users.insert().values(email="ann@example.org", age=1)


@pytest.fixture(scope="module")
def engine(any_database: sa.URL) -> Iterator[sa.Engine]:
    """The library on each database."""
    with library(any_database) as engine:
        yield engine


@pytest.fixture
def constraints() -> Constraints:
    """No constraint has a meaning yet."""
    return Constraints()


@pytest.mark.parametrize(
    "known_by",
    [
        {"name": "uq_users_email"},
        {"columns": ("users.email",)},
        {"columns": "users.email"},
        {"name": "uq_users_email", "columns": ["users.email"]},
    ],
    ids=["name", "columns", "one column", "both"],
)
def test_a_unique_key_is_found_by_name_or_columns(
    engine: sa.Engine, constraints: Constraints, known_by: dict[str, Any]
) -> None:
    """SQLite tells no name, MariaDB no columns; the convention joins them."""
    constraints.add(**known_by, **TAKEN)

    answer = classify_database(failure_of(engine, ANN_AGAIN), constraints)

    assert answer is not None
    assert answer.status_code == 409
    assert answer.to_dict() == BODY


def test_a_key_without_a_name_is_found_by_its_columns(
    engine: sa.Engine, constraints: Constraints
) -> None:
    """Each database makes up a name of its own for it."""
    constraints.add(columns=["plain.email"], **TAKEN)
    insert = sa.text("INSERT INTO plain VALUES (:email)").bindparams(email="a")

    error = failure_of(
        engine,
        "CREATE TABLE plain (email VARCHAR(20) UNIQUE)",
        insert,
        insert,
    )

    answer = classify_database(error, constraints)
    assert answer is not None
    assert answer.code == "EMAIL_TAKEN"


def test_a_primary_key_is_found(engine: sa.Engine, constraints: Constraints) -> None:
    """By the name that the convention gives it, also where it has none."""
    constraints.add("pk_seats", code="SEAT_TAKEN")

    error = failure_of(engine, seats.insert().values(room=1, number=1))

    answer = classify_database(error, constraints)
    assert answer is not None
    assert (answer.status_code, answer.code, answer.details) == (409, "SEAT_TAKEN", {})


def test_a_check_is_found_by_its_name(
    engine: sa.Engine, constraints: Constraints
) -> None:
    """The status follows the kind, unless the application says otherwise."""
    constraints.add("ck_users_age", code="TOO_YOUNG", field="age", status_code=400)

    error = failure_of(engine, users.insert().values(email="c@x.org", age=-1))

    answer = classify_database(error, constraints)
    assert answer is not None
    assert (answer.status_code, answer.code) == (400, "TOO_YOUNG")
    assert answer.details == {"field": "age"}
    assert answer.message == "The data violates a rule of the database"


def test_a_foreign_key_is_found_by_its_name(
    engine: sa.Engine, constraints: Constraints
) -> None:
    """But not on SQLite, which says nothing about it at all."""
    constraints.add("fk_loans_user_id", code="NO_SUCH_USER", field="user_id")

    error = failure_of(engine, loans.insert().values(user_id=77))

    answer = classify_database(error, constraints)
    assert answer is not None
    is_sqlite = engine.dialect.name == "sqlite"
    assert answer.code == ("CONSTRAINT_VIOLATION" if is_sqlite else "NO_SUCH_USER")
    assert answer.status_code == 422


def test_columns_mean_the_unique_key_alone(
    engine: sa.Engine, constraints: Constraints
) -> None:
    """NOT NULL on the same column is no address that is taken."""
    constraints.add("uq_users_email", columns=["users.email"], **TAKEN)

    error = failure_of(engine, users.insert().values(email=None, age=1))

    answer = classify_database(error, constraints)
    assert answer is not None
    assert (answer.code, answer.details) == ("CONSTRAINT_VIOLATION", {})


def test_a_check_called_like_a_column_is_no_unique_key(
    constraints: Constraints,
) -> None:
    """MariaDB calls unique keys like their column, and people call checks so."""
    constraints.add(columns=["users.email"], **TAKEN)

    assert constraints.find(Fault(Kind.UNIQUE, "email", "users")) is not None
    assert constraints.find(Fault(Kind.RULE, "email", "users")) is None


def test_the_same_meaning_may_be_given_twice(constraints: Constraints) -> None:
    """An application factory runs more than once."""
    for columns in (["users.email"], ["users.email"], []):
        constraints.add("uq_users_email", columns=columns, **TAKEN)

    by_name = constraints.find(Fault(Kind.UNIQUE, name="uq_users_email"))
    by_columns = constraints.find(Fault(Kind.UNIQUE, table="users", columns=("email",)))
    assert by_name is not None
    assert by_columns is not None
    assert by_name.code == by_columns.code == "EMAIL_TAKEN"


@pytest.mark.parametrize(
    "known_by", [{"name": "uq_users_email"}, {"columns": ["users.email"]}]
)
def test_another_meaning_is_refused(
    constraints: Constraints, known_by: dict[str, Any]
) -> None:
    """Which of the two would be sent?"""
    constraints.add("uq_users_email", columns=["users.email"], **TAKEN)

    with pytest.raises(ValueError, match="another meaning already"):
        constraints.add(**known_by, code="OTHER")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "needs its name, its columns, or both"),
        ({"columns": ["email"]}, r"table\.column"),
        ({"columns": ["public.users.email"]}, r"table\.column"),
        ({"name": "ck", "status_code": 200}, "allowed: 400-599"),
    ],
)
def test_a_constraint_that_could_never_be_found_is_refused(
    constraints: Constraints, given: dict[str, Any], complaint: str
) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match=complaint):
        constraints.add(**given)


def test_an_extension_shares_its_constraints_and_no_others(engine: sa.Engine) -> None:
    """Applications of one extension know the same ones; others know none of them."""
    shared, alone = Failwell(), Failwell()
    shared.constraint("uq_users_email", **TAKEN)
    apps = [Flask("one"), Flask("two"), Flask("three")]
    for app, failwell in zip(apps, (shared, shared, alone), strict=True):
        app.testing = True
        failwell.init_app(app)

    insert = users.insert().values(email="a@x.org")
    error = failure_of(engine, insert, insert)
    codes = []
    for app in apps:
        with app.app_context():
            codes.append(to_app_error(error).code)

    assert codes == ["EMAIL_TAKEN", "EMAIL_TAKEN", "CONFLICT"]

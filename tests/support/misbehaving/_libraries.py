"""Views in which a library fails: a real database, and real tokens."""

from typing import Annotated, Any, NoReturn

import jwt
import marshmallow
import pydantic
import sqlalchemy as sa
from library import badges, loans, users

from failwell import (
    ConflictError,
    ConstraintViolationError,
    DatabaseError,
    InvalidTokenError,
    ServiceUnavailableError,
    ValidationError,
)
from misbehaving._errors import FAULT
from misbehaving._secrets import secret
from misbehaving._stores import (
    run,
    run_where_it_is_locked,
    take_a_connection_too_many,
)
from misbehaving._views import Views, answering

views: Views = {}
_PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\ncanary\n-----END PUBLIC KEY-----\n"
_KEY = "canary, a key of more than thirty-two bytes"


@answering(views, ConflictError)
def duplicate() -> None:
    """Violate a unique key."""
    run(users.insert(), email="ann@example.org", age=3)


@answering(views, ConstraintViolationError)
def failed_check() -> None:
    """Violate a check."""
    run(users.insert(), email=secret(), age=-1)


@answering(views, ConstraintViolationError)
def missing_value() -> None:
    """Violate a NOT NULL."""
    run(users.insert(), email=None)


@answering(views, ConstraintViolationError)
def missing_parent() -> None:
    """Refer to a row that is not there."""
    run(loans.insert(), user_id=999)


@answering(views, ConflictError)
def parent_in_use() -> None:
    """Delete a row that another refers to."""
    run(sa.delete(users).where(users.c.id == 1))


@answering(views, ConstraintViolationError)
def number_out_of_range() -> None:
    """Bind a number of more than 64 bits."""
    run(badges.insert(), user_id=2**70)


@answering(views, DatabaseError)
def missing_table() -> None:
    """Read a table that is not there."""
    run("SELECT canary FROM canaries WHERE canary = :value", value=secret())


@answering(views, DatabaseError)
def broken_sql() -> None:
    """Send what is no SQL."""
    run("INSERT INTO users canary")


@answering(views, ServiceUnavailableError)
def locked_database() -> None:
    """Read what somebody else has locked."""
    run_where_it_is_locked()


@answering(views, ServiceUnavailableError)
def empty_pool() -> None:
    """Ask for a connection too many."""
    take_a_connection_too_many()


@answering(views, ValidationError)
def marshmallow_with_an_odd_message() -> NoReturn:
    """Raise what marshmallow lets a validator raise."""
    raise marshmallow.ValidationError(
        {"a": [{"b": KeyError(secret())}, None], 3: [secret], "": {"_schema": []}}
    )


@answering(views, ValidationError)
def pydantic_with_an_exception() -> None:
    """Fail in a validator of the application, with its own words."""

    def refuse(value: object) -> NoReturn:
        raise ValueError("Choose another", KeyError(secret()), value)

    kind = Annotated[str, pydantic.AfterValidator(refuse)]
    pydantic.TypeAdapter(kind).validate_python(secret())


def _read(token: str | bytes, key: Any = _KEY, **more: Any) -> None:  # noqa: ANN401 - PyJWT's
    jwt.decode(token, key, algorithms=["HS256"], **more)


@answering(views, InvalidTokenError)
def expired_token() -> None:
    """Read a token of 1970."""
    _read(jwt.encode({"exp": 1}, _KEY))


@answering(views, InvalidTokenError)
def forged_token() -> None:
    """Read a token of another key."""
    _read(jwt.encode({"sub": secret()}, f"another {_KEY}"))


@answering(views, InvalidTokenError)
def unsigned_token() -> None:
    """Read a token that says that nobody signed it."""
    _read(jwt.encode({"sub": secret()}, None, algorithm="none"))


@answering(views, InvalidTokenError)
def token_that_is_none() -> None:
    """Read what the client sent."""
    _read(f"{secret()}\r\nSet-Cookie: a=b")


@answering(views, InvalidTokenError)
def token_without_a_claim() -> None:
    """Read a token for somebody else."""
    _read(jwt.encode({"sub": "1"}, _KEY), audience=secret())


@answering(views, FAULT)
def key_that_is_none() -> None:
    """Read a token without having a key."""
    _read(jwt.encode({"sub": "1"}, _KEY), None)


@answering(views, FAULT)
def key_of_another_kind() -> None:
    """Read a token with a public key as if it were a secret."""
    _read(jwt.encode({"sub": "1"}, _KEY), _PUBLIC_KEY)

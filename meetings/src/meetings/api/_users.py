"""`/users`: registering, and who one is."""

from flask import Blueprint, Response
from pydantic import BaseModel

from meetings.accounts import Caller, register
from meetings.storage import Role, User, db, writing
from meetings.web import (
    Email,
    Endpoint,
    Input,
    Line,
    Password,
    answer,
    services,
)

users = Blueprint("users", __name__, url_prefix="/api/v1/users")


class UserInput(Input):
    """A person who wants to register."""

    email: Email
    name: Line
    password: Password


class UserOutput(BaseModel):
    """A registered person."""

    id: int
    email: str
    name: str
    role: Role


def _output(user: User) -> UserOutput:
    return UserOutput(
        id=user.id, email=user.email, name=user.name, role=Role(user.role)
    )


@users.post("")
@Endpoint(
    summary="Register",
    body=UserInput,
    answers={201: UserOutput},
    errors=("CONFLICT",),
    signed_in=False,
    headers={"Location": "Where the user reads about itself"},
)
def create(body: UserInput) -> Response:
    """Make a member."""
    # Hashing is slow on purpose: never while the write lock is held.
    password_hash = services().passwords.hash(body.password)
    with writing() as session:
        user = register(
            session,
            email=body.email,
            name=body.name,
            password_hash=password_hash,
            role=Role.MEMBER,
        )
        output = _output(user)
    return answer(output, 201, {"Location": "/api/v1/users/me"})


@users.get("/me")
@Endpoint(summary="Who is signed in", answers={200: UserOutput})
def me(caller: Caller) -> Response:
    """Answer with the caller."""
    return answer(_output(db.session.get_one(User, caller.id)))

"""Pydantic's errors that a view does not catch: answered, placed, the user's if wanted."""

from typing import Annotated, Literal

import pytest
from flask import Flask, request
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from failwell.responses import register_error_handlers

CANARY = "hunter2-Zebra"


class Cat(BaseModel):
    """One kind of pet."""

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    """Another kind of pet."""

    kind: Literal["dog"]
    bark: str


def _refuse(_: object) -> object:
    raise ValueError("No", object())


def test_an_error_in_a_view_is_answered_in_both_forms() -> None:
    """Raw pydantic in a view needs no handler; the context need not be JSON."""
    app = Flask("backend")
    register_error_handlers(app)

    @app.post("/pets")
    def add() -> dict[str, object]:
        kind = Annotated[str, AfterValidator(_refuse)]
        return TypeAdapter(dict[str, kind]).validate_python(request.get_json())

    client = app.test_client()
    plain = client.post("/pets", json={"name": CANARY})
    problem = client.post(
        "/pets", json={"name": CANARY}, headers={"Accept": "application/problem+json"}
    )

    assert plain.status_code == problem.status_code == 400
    assert list(plain.json["error"]["details"]) == ["name"]
    assert problem.json["errors"][0]["pointer"] == "#/name"
    assert CANARY not in plain.text + problem.text


@pytest.mark.parametrize(
    ("sent", "pick", "paths"),
    [
        ({"pet": {"kind": "cat"}}, None, {"pet.kind", "pet.lives", "pet.bark"}),
        ({"pet": 7}, None, {"pet"}),
        ({"pet": 7}, {"pet": {}}, {"pet.kind", "pet.lives", "pet.bark"}),
        # About something else than the body: pydantic's own places are kept.
        ({"dog": 7}, {"pet": 7}, {"pet.Cat", "pet.Dog"}),
        ([1, 2], {"pet": 7}, {"pet.Cat", "pet.Dog"}),
    ],
)
def test_an_error_about_the_requests_json_has_its_paths(
    sent: object, pick: object, paths: set[str]
) -> None:
    """A view that validates `request.json` itself names no classes in its answer."""

    class Owner(BaseModel):
        pet: Cat | Dog

    app = Flask("backend")
    register_error_handlers(app)

    @app.post("/")
    def view() -> str:
        return Owner.model_validate(pick or request.json).model_dump_json()

    answer = app.test_client().post("/", json=sent)

    assert answer.status_code == 400
    assert set(answer.json["error"]["details"]) == paths


def test_a_body_that_cannot_be_read_changes_no_answer() -> None:
    """The view did not read it, so the error is about something else."""
    app = Flask("backend")
    app.config["MAX_CONTENT_LENGTH"] = 10
    register_error_handlers(app)

    @app.post("/")
    def view() -> str:
        return TypeAdapter(dict[str, Cat | Dog]).validate_python({"a": 1}) and "never"

    answer = app.test_client().post("/", json="x" * 99)

    assert answer.status_code == 400
    assert set(answer.json["error"]["details"]) == {"a.Cat", "a.Dog"}


def test_a_users_handler_for_pydantic_wins() -> None:
    """Who registered a handler for pydantic's class before keeps it."""
    app = Flask("backend")
    register_error_handlers(app)

    @app.errorhandler(ValidationError)
    def own(error: ValidationError) -> tuple[dict[str, int], int]:
        return {"problems": error.error_count()}, 418

    @app.get("/pets")
    def pets() -> str:
        return Cat.model_validate({}).kind

    answer = app.test_client().get("/pets")

    assert (answer.status_code, answer.json) == (418, {"problems": 2})

"""Pydantic's errors in the one shape: every problem, exact paths, nothing of the input."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    Discriminator,
    Field,
    PlainValidator,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from failwell.exceptions import AppError
from failwell.responses import from_pydantic, to_app_error

CANARY = "hunter2-Zebra"
Details = dict[str, list[dict[str, str]]]


def _details(kind: object, value: object, **options: object) -> Details:
    """Return the details of what pydantic finds wrong with a JSON value."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_json(json.dumps(value))
    details: Details = from_pydantic(caught.value, **options).details
    return details


class Cat(BaseModel):
    """One kind of pet."""

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    """Another kind of pet."""

    kind: Literal["dog"]
    bark: str


def _refuse(error: Exception) -> Callable[[object], object]:
    def refuse(value: object) -> object:
        raise error

    return refuse


def test_every_problem_stands_under_its_path() -> None:
    """Items of lists by their place, codes are pydantic's types."""

    class Meeting(BaseModel):
        title: str
        participants: list[int]

    details = _details(Meeting, {"participants": [1, 2, 3, "four"]})

    assert details == {
        "title": [{"code": "missing", "message": "Field required"}],
        "participants.3": [
            {
                "code": "int_parsing",
                "message": "Input should be a valid integer, unable to parse string"
                " as an integer",
            }
        ],
    }


def test_it_is_a_400_of_ours() -> None:
    """The table answers a raw pydantic error as a ValidationError, with its cause."""
    with pytest.raises(ValidationError) as caught:
        Cat.model_validate({})

    error = to_app_error(caught.value)

    assert (error.code, error.status_code) == ("VALIDATION_ERROR", 400)
    assert error.message == "Validation error"
    assert error.__cause__ is caught.value


@pytest.mark.parametrize("location", ["body", "query", "path", "headers"])
def test_what_is_wrong_as_a_whole_stands_under_the_part(location: str) -> None:
    """A problem without a field is the part's own; the body's points to its root."""
    details = _details(Cat, [], location=location)

    (problem,) = details[location]
    assert problem.get("pointer") == ("#" if location == "body" else None)
    assert problem.get("parameter") == (None if location == "body" else location)


def test_a_problem_outside_of_the_body_names_its_parameter() -> None:
    """The parameter is the first step, also of a list's third value."""
    details = _details(dict[str, list[int]], {"tag": [1, 2, "x"]}, location="query")

    assert details["tag.2"][0]["parameter"] == "tag"


def test_a_name_with_a_dot_has_a_pointer_of_its_own() -> None:
    """The path alone would lead elsewhere."""
    details = _details(dict[str, int], {"a.b/c": "x"})

    assert details["a.b/c"][0]["pointer"] == "#/a.b~1c"


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"pet": {"kind": "cat"}}, {"pet.kind", "pet.lives", "pet.bark"}),
        ({"pet": 7}, {"pet"}),
        ({"pet": {"kind": "dog", "bark": 1}}, {"pet.kind", "pet.lives", "pet.bark"}),
    ],
)
def test_with_the_document_a_union_leaves_no_trace_in_the_path(
    value: dict[str, object], paths: set[str]
) -> None:
    """The branches of unions are the validator's parts, and name classes."""

    class Owner(BaseModel):
        pet: Cat | Dog

    assert set(_details(Owner, value, document=value)) <= paths


def test_a_tagged_union_keeps_the_path_that_was_sent() -> None:
    """The tag is no step of the document."""

    class Owner(BaseModel):
        pet: Annotated[Cat | Dog, Field(discriminator="kind")]

    value = {"pet": {"kind": "cat"}}

    assert set(_details(Owner, value, document=value)) == {"pet.lives"}


def test_functions_and_keys_are_no_steps() -> None:
    """`function-after[...]` and `[key]` go also where the document is not known."""

    class Table(BaseModel):
        names: dict[Annotated[str, StringConstraints(max_length=1)], int]
        size: Annotated[str, AfterValidator(_refuse(ValueError("no")))] | None

    details = _details(Table, {"names": {"ab": 1}, "size": "x"})

    assert set(details) == {"names.ab", "size"}


def test_a_changed_document_keeps_the_validators_path() -> None:
    """When a validator renamed the fields first, its own path is the best there is."""

    class Renamed(BaseModel):
        inner: int

        @model_validator(mode="before")
        @classmethod
        def _rename(cls, given: dict[str, object]) -> dict[str, object]:
            return {"inner": given["outer"]}

    value = {"outer": "x"}

    assert set(_details(Renamed, value, document=value)) == {"inner"}


def _tag(value: object) -> str:
    return str(value)


@pytest.mark.parametrize(
    "kind",
    [
        Annotated[
            Annotated[int, Tag("a")] | Annotated[str, Tag("b")], Discriminator(_tag)
        ],
        UUID,
        complex,
        Literal["red"],
        Annotated[str, AfterValidator(int)],
        Annotated[str, AfterValidator(_refuse(ValueError(f"no: {CANARY.upper()}")))],
        Annotated[str, AfterValidator(_refuse(ValueError(f"no: {CANARY!r}")))],
        Annotated[str, AfterValidator(_refuse(AssertionError(CANARY)))],
        Annotated[
            str,
            AfterValidator(_refuse(PydanticCustomError("own", f"bad {CANARY}"))),  # type: ignore[arg-type]  # on purpose not a literal
        ],
        Annotated[
            str,
            AfterValidator(
                _refuse(PydanticCustomError("missing", "bad {v}", {"v": CANARY}))
            ),
        ],
    ],
)
def test_no_message_repeats_the_value(kind: object) -> None:
    """Neither pydantic's words nor a validator's may hold what was sent."""
    details = _details(dict[str, kind], {"field": CANARY})

    assert CANARY.casefold() not in json.dumps(details).casefold()
    assert details["field"][0]["message"]


def test_a_value_in_the_words_of_a_model_validator_is_found() -> None:
    """The input there is the whole object, and any value of it counts."""

    class Login(BaseModel):
        name: str
        password: str

        @model_validator(mode="after")
        def _check(self) -> "Login":
            raise ValueError(f"{self.password} is too weak")

    details = _details(Login, {"name": "ada", "password": CANARY})

    assert details == {
        "body": [
            {"code": "value_error", "message": "The value is not valid", "pointer": "#"}
        ]
    }


def test_the_words_of_the_application_are_kept() -> None:
    """Without pydantic's prefix, which says what the code says."""
    words = "The end must be after the start"

    for error in (ValueError(words), AssertionError(words)):
        kind = Annotated[str, AfterValidator(_refuse(error))]
        details = _details(dict[str, kind], {"end": "2026-05-04"})
        assert details["end"][0]["message"] == words


def test_pydantics_own_sentence_is_kept_whatever_was_sent() -> None:
    """`gree` stands in it by chance."""
    details = _details(dict[str, Literal["red", "green"]], {"colour": "gree"})

    assert details["colour"][0]["message"] == "Input should be 'red' or 'green'"


def test_an_assertion_without_words_has_a_message() -> None:
    """An empty message would tell nobody anything."""
    kind = Annotated[str, AfterValidator(_refuse(AssertionError()))]

    details = _details(dict[str, kind], {"end": "x"})

    assert details["end"][0]["message"] == "The value is not valid"


def test_classes_and_links_stay_inside() -> None:
    """Neither a model's name nor pydantic's pages are sent."""

    class Inner:
        """A class of the application."""

    details = _details(dict[str, Cat], {"a": 1})
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(
            dict[str, Inner], config={"arbitrary_types_allowed": True}
        ).validate_python({"b": 1})
    text = json.dumps([details, from_pydantic(caught.value).details])

    assert not re.search(r"Cat|Inner|http|pydantic", text)


def test_the_answer_does_not_grow_with_the_attack() -> None:
    """At most 50 fields with 10 problems, names and messages cut."""

    class Closed(BaseModel, extra="forbid"):
        """Takes no field."""

    long_words = Annotated[str, PlainValidator(_refuse(ValueError("w" * 9_000)))]
    fields = {f"{n}-{'x' * 400}": 1 for n in range(2_000)}

    closed = _details(Closed, fields)
    wordy = _details(dict[str, long_words], fields)

    assert len(closed) == len(wordy) == 50
    assert max(map(len, closed)) == 100
    assert max(len(p["message"]) for entry in wordy.values() for p in entry) == 300


def test_a_validator_may_raise_an_error_of_ours() -> None:
    """Pydantic lets it through: the way to say exactly what one wants to."""
    error = AppError("Room blue is taken", "ROOM_TAKEN", 409)

    with pytest.raises(AppError) as caught:
        TypeAdapter(Annotated[str, AfterValidator(_refuse(error))]).validate_python("b")

    assert to_app_error(caught.value) is error

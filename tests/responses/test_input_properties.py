"""Properties of validation errors, of batches and of undoing, over hostile values."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter
from pydantic import ValidationError as PydanticError
from pydantic_core import PydanticCustomError

from failwell import AppError, ConflictError, Undo, attempt_each
from failwell.responses import from_marshmallow, from_pydantic
from failwell.responses._inputs._document import read_json

CANARY = "Zq7canary"


class _NoJsonError(ValueError):
    """A context that JSON does not know."""


def _in_words(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    raise _NoJsonError(f"{value!r} is wrong")


def _in_own_type(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    raise PydanticCustomError("own", "{value} is wrong", {"value": str(value)})


def _asserts(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    raise AssertionError(str(value))


class Tagged(BaseModel):
    """One branch."""

    tag: Literal["a"]


class Other(BaseModel):
    """Another branch."""

    tag: Literal["b"]
    amount: Decimal


class Hostile(BaseModel, extra="forbid"):
    """Fields whose messages would like to repeat what was sent."""

    number: int
    words: Annotated[object, AfterValidator(_in_words)]
    own: Annotated[object, AfterValidator(_in_own_type)]
    asserted: Annotated[object, AfterValidator(_asserts)]
    tagged: Annotated[Tagged | Other, Field(discriminator="tag")]
    union: Tagged | Other | UUID | None
    colour: Literal["red", "green"]
    deep: dict[str, list[Annotated[str, AfterValidator(_in_words)]]]


texts = st.one_of(
    st.just(CANARY),
    st.text(max_size=8).map(lambda text: f"{text}{CANARY}"),
    st.text(max_size=8).map(lambda text: f"{CANARY}{text}"),
)
names = st.sampled_from([*Hostile.model_fields, "tag", "amount", "é.~/", ""])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner),
    max_leaves=12,
)


def _check_shape(details: dict[str, Any]) -> None:
    """Assert the shape of the contract, of strict JSON, without a canary."""
    text = json.dumps(details, allow_nan=False)
    assert json.loads(text) == details
    assert CANARY.casefold() not in text.casefold()
    assert 0 < len(details) <= 50
    for path, problems in details.items():
        assert len(path) <= 100
        assert problems
        for problem in problems:
            assert {"code", "message"} <= set(problem)
            assert set(problem) <= {"code", "message", "pointer", "parameter"}
            assert problem["code"]
            assert 0 < len(problem["message"]) <= 300


@pytest.mark.parametrize("known", ["document known", ""])
@settings(deadline=None)
@given(value=st.dictionaries(names, values) | values)
def test_pydantics_errors_have_the_shape_and_no_input(
    known: str, value: object
) -> None:
    """Whatever is sent, and whatever a validator says about it."""
    try:
        TypeAdapter(Hostile).validate_json(json.dumps(value))
    except PydanticError as error:
        options: dict[str, Any] = {"document": value} if known else {}
        details = from_pydantic(error, **options).details
        _check_shape(details)


def _refuse(message: Callable[[object], object]) -> Callable[[object], None]:
    def refuse(value: object) -> None:
        raise ValidationError(message(value))  # type: ignore[arg-type]  # anything at all

    return refuse


HostileSchema = Schema.from_dict(
    {
        "number": fields.Integer(required=True),
        "words": fields.Raw(validate=_refuse(lambda value: f"{value} is wrong")),
        "own": fields.Raw(validate=_refuse(lambda v: {"code": "x", "message": str(v)})),
        "asserted": fields.Raw(
            validate=_refuse(lambda value: [{"inner": [f"{value}"]}])
        ),
        "deep": fields.Dict(values=fields.List(fields.String(validate=_refuse(repr)))),
    }
)


@settings(deadline=None)
@given(value=st.dictionaries(names, values) | values)
def test_marshmallows_errors_have_the_shape_and_no_input(value: Any) -> None:  # noqa: ANN401 - whatever was sent
    """As pydantic's."""
    try:
        HostileSchema().load(value)
    except ValidationError as error:
        _check_shape(from_marshmallow(error).details)


@settings(deadline=None)
@given(raw=st.binary(max_size=40) | values.map(lambda v: json.dumps(v).encode()))
def test_a_body_is_json_or_an_error_of_the_whole(raw: bytes) -> None:
    """What is let through, every parser reads the same; the rest names `body`."""
    details: dict[str, Any] | None = None

    try:
        document = read_json(raw)
    except AppError as error:
        details = error.details

    if details is None:
        assert json.loads(json.dumps(document, allow_nan=False).encode()) == document
    else:
        assert set(details) == {"body"}
        _check_shape(details)


outcomes = st.lists(st.sampled_from(["fine", "known", "unknown"]), max_size=12)


@settings(deadline=None)
@given(outcomes)
def test_a_batch_agrees_with_a_simple_model(plan: list[str]) -> None:
    """Every item is in one of the lists, by its place and in order."""

    def work(outcome: str) -> str:
        if outcome == "known":
            raise ConflictError
        if outcome == "unknown":
            raise KeyError(outcome)
        return outcome

    attempts = attempt_each(iter(plan), work)

    numbered = list(enumerate(plan))
    assert attempts.succeeded == [(i, o) for i, o in numbered if o == "fine"]
    assert [(i, e.status_code) for i, e in attempts.failed] == [
        (i, 409 if o == "known" else 500) for i, o in numbered if o != "fine"
    ]
    assert attempts.all_succeeded == (set(plan) <= {"fine"})


@settings(deadline=None)
@given(plan=outcomes)
def test_all_or_nothing_agrees_with_a_simple_model(plan: list[str]) -> None:
    """Up to the first failure everything is done, and behind it nothing."""
    done: list[str] = []

    def work(outcome: str) -> None:
        done.append(outcome)
        if outcome != "fine":
            raise ConflictError

    failing = [i for i, outcome in enumerate(plan) if outcome != "fine"]
    if failing:
        with pytest.raises(ConflictError) as caught:
            attempt_each(plan, work, all_or_nothing=True)
        assert caught.value.details == {"index": failing[0]}
        assert done == plan[: failing[0] + 1]
    else:
        assert attempt_each(plan, work, all_or_nothing=True).all_succeeded


@settings(deadline=None)
@given(failing=st.lists(st.booleans(), max_size=8), at=st.integers(0, 8))
def test_undoing_is_the_reverse_of_what_was_done(failing: list[bool], at: int) -> None:
    """Whichever compensation fails, and wherever the block does."""
    undone: list[int] = []

    def undo_step(step: int, fails: bool) -> None:  # noqa: FBT001 - handed on as it is
        undone.append(step)
        if fails:
            raise ValueError(step)

    def work() -> None:
        with Undo() as undo:
            for step, fails in enumerate(failing[:at]):
                undo.push(undo_step, step, fails)
            raise ConflictError

    with pytest.raises(ConflictError):
        work()

    assert undone == list(reversed(range(len(failing[:at]))))

"""One decorator: what a view takes and answers, for the caller and for the document.

Owns signing in, reading the input and writing the answer around each view, and the
description that the OpenAPI document is made of. The two cannot differ, because they
are the same object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response
from pydantic import BaseModel

from failwell import read_body, read_query
from meetings.accounts import Permission
from meetings.web._caller import current_caller

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What is known about one view.

    Args:
        summary: A few words for the document.
        answers: Status to the model of the body; None is a body without a model.
        errors: Codes that this view can answer with, beyond those of its inputs.
        body: The model of the JSON body; the view gets it as `body`.
        query: The model of the query; the view gets it as `query`.
        signed_in: Whether a token is needed; the view gets its user as `caller`.
        permission: What the caller must be allowed, asked before the input is read.
        headers: Response headers, with their meaning.
        conditional: Whether `If-Match` is honoured.
        media_type: Of the answer.
        invalid: The code of input that does not validate.
    """

    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    errors: tuple[str, ...] = ()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    signed_in: bool = True
    permission: Permission | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    conditional: bool = False
    media_type: str = "application/json"
    invalid: str = "VALIDATION_ERROR"

    def __call__(self, view: View) -> View:
        """Wrap `view` and keep this description on it."""

        @wraps(view)
        def serve(**values: Any) -> Any:  # noqa: ANN401 - Flask hands and takes anything
            return view(**values, **self._inputs())

        serve.endpoint_description = self  # type: ignore[attr-defined]  # functions take attributes
        return cast("View", serve)

    def _inputs(self) -> dict[str, Any]:
        # Who is asked before what: a stranger learns nothing about the input.
        inputs: dict[str, Any] = {}
        if self.signed_in:
            inputs["caller"] = caller = current_caller()
            if self.permission is not None:
                caller.require(self.permission)
        if self.query is not None:
            inputs["query"] = read_query(self.query)
        if self.body is not None:
            inputs["body"] = read_body(self.body)
        return inputs


def describe(view: Callable[..., Any]) -> Endpoint | None:
    """Return the description of a view, None when it has none."""
    found = getattr(view, "endpoint_description", None)
    return found if isinstance(found, Endpoint) else None


def answer(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return `model` as a JSON answer."""
    return Response(
        model.model_dump_json(), status, headers, mimetype="application/json"
    )


def nothing(headers: Mapping[str, str] | None = None) -> Response:
    """Return 204, without a body."""
    response = Response(status=204, headers=headers)
    del response.headers["Content-Type"]
    return response

"""`/auth/token`: signing in."""

from typing import Literal

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from meetings._clock import utc_now
from meetings.accounts import authenticate
from meetings.storage import db
from meetings.web import Email, Endpoint, Input, answer, services

auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth")


class TokenInput(Input):
    """What a person signs in with."""

    email: Email
    password: str = Field(max_length=128)


class TokenOutput(BaseModel):
    """What a signed-in person sends from now on."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme
    expires_in: int = Field(description="Seconds that the access token lives")


@auth.post("/token")
@Endpoint(
    summary="Sign in",
    body=TokenInput,
    answers={200: TokenOutput},
    errors=("AUTHENTICATION_ERROR",),
    signed_in=False,
)
def token(body: TokenInput) -> Response:
    """Answer with an access and a refresh token."""
    user = authenticate(db.session, services().passwords, body.email, body.password)
    pair = services().tokens.issue(user.id, utc_now())
    output = TokenOutput(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
    )
    return answer(output, headers={"Cache-Control": "no-store"})

"""Who sends the current request."""

import jwt
from flask import has_request_context, request

from failwell import AuthenticationError, InvalidTokenError
from meetings.accounts import Caller, recognise
from meetings.storage import db
from meetings.web._services import services


def current_caller() -> Caller:
    """Return the signed-in user of the current request.

    Raises:
        AuthenticationError: No bearer token was sent.
        InvalidTokenError: The token's user is gone.
        jwt.PyJWTError: The token is not valid.
    """
    token = _bearer_token()
    if token is None:
        message = "Sign in and send the header Authorization: Bearer <access token>"
        raise AuthenticationError(message)
    return recognise(db.session, services().tokens, token)


def whose_error() -> int | None:
    """Return the id in the token of the current request, None without a valid one.

    For the error log: it asks no database, which may be what has failed.
    """
    token = _bearer_token() if has_request_context() else None
    if token is None:
        return None
    try:
        return services().tokens.user_id(token)
    except (InvalidTokenError, jwt.PyJWTError):
        return None


def _bearer_token() -> str | None:
    sent = request.authorization
    return sent.token or None if sent is not None and sent.type == "bearer" else None

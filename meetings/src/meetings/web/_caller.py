"""Who sends the current request."""

from flask import request

from failwell import AuthenticationError
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
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        message = "Sign in and send the header Authorization: Bearer <access token>"
        raise AuthenticationError(message)
    return recognise(db.session, services().tokens, sent.token)
